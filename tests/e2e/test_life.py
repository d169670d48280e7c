"""On the real stack: what Entra does stands in the directory, and in nobody else's tenant."""

import asyncio
import json
import time

import pytest

from demo.stack import Stack
from e2e.conftest import JobMaker
from entra_sandbox.calls import match_user
from entra_sandbox.client import CredentialsError, ProvisioningError
from entra_sandbox.dialect import Dialect
from support.waiting import eventually

pytestmark = pytest.mark.timeout(150)

REVOKED_WITHIN = 5.0


@pytest.mark.parametrize("dialect", list(Dialect))
async def test_a_provisioning_life_ends_equal(job: JobMaker, dialect: Dialect) -> None:
    life = job(dialect, users=30, groups=4)
    await life.live()
    await life.assert_equal()


async def test_two_tenants_with_the_same_people_never_meet(job: JobMaker) -> None:
    ours = job(Dialect.VERBOSE, users=20, groups=3)
    theirs = job(Dialect.COMPACT, users=20, groups=3)
    await asyncio.gather(ours.live(), theirs.live())
    await ours.assert_equal()
    await theirs.assert_equal()
    ids = [{str(user["id"]) for user in each.users()} for each in (ours, theirs)]
    assert not ids[0] & ids[1]


async def test_a_token_is_worthless_at_another_tenants_url(job: JobMaker) -> None:
    ours, theirs, stranger = (job(Dialect.VERBOSE) for _ in range(3))
    ours.engine.client.token = theirs.tenant.token
    stranger.engine.client.token = "not a token at all"
    refusals = []
    for each in (ours, stranger):
        with pytest.raises(CredentialsError) as refused:
            await each.test_connection()
        refusals.append(refused.value.reason)
    assert refusals[0] == refusals[1]
    assert refusals[0].startswith("401")


async def test_a_user_made_by_hand_is_adopted_without_a_duplicate(job: JobMaker) -> None:
    life = job(Dialect.VERBOSE, users=1, groups=0)
    [person] = life.entra.users.values()
    made = job.stack.directory(
        "user",
        "create",
        person.upn.swapcase(),
        *("--tenant", life.tenant.tenant_id, "--role", "tenant_admin"),
    )

    async with life.engine.client:

        async def adopted() -> bool:
            # Until the bus has told the SCIM service, Entra would make a user of its own.
            found = await life.engine.client.send(match_user(person.upn))
            return bool(found.document["totalResults"])

        await eventually(adopted, within=10)
        await life.engine.cycle(initial=True)
    assert life.engine.ok, life.errors()
    assert life.entra.links[person.object_id] == made["id"]
    await life.assert_equal()
    [user] = life.users()
    assert (user["id"], user["origin"], user["role"]) == (made["id"], "scim", "tenant_admin")


async def test_a_revoked_token_stops_within_five_seconds(job: JobMaker, stack: Stack) -> None:
    life = job(Dialect.VERBOSE)
    await life.test_connection()
    tenant = ("--tenant", life.tenant.tenant_id)
    [token] = json.loads(stack.command("scim", "token", "list", *tenant, "--json"))
    stack.command("scim", "token", "revoke", str(token["id"]), *tenant)
    revoked = time.monotonic()

    async def refused() -> bool:
        started = time.monotonic()
        try:
            await life.test_connection()
        except CredentialsError as error:
            return error.reason.startswith("401")
        if started > revoked + REVOKED_WITHIN:
            pytest.fail("the token was still good")
        return False

    await eventually(refused, within=30)


async def test_a_tenant_on_the_free_package_is_refused_with_a_sentence(job: JobMaker) -> None:
    life = job(Dialect.VERBOSE, "--package", "free")
    with pytest.raises(ProvisioningError) as refused:
        await life.test_connection()
    assert refused.value.reason.startswith("403 ")
    assert "package" in refused.value.reason
    assert life.users() == []
