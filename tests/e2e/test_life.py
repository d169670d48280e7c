"""On the real stack: what Entra does stands in the directory, and in nobody else's tenant."""

import asyncio
import json
import time

import pytest

from demo.stack import Stack
from e2e.conftest import JobMaker
from entra_sandbox.client import CredentialsError, ProvisioningError
from entra_sandbox.dialect import Dialect
from entra_sandbox.requests import match_user
from support.waiting import eventually

pytestmark = pytest.mark.timeout(300)

REVOKED_WITHIN = 5.0


@pytest.mark.parametrize("dialect", list(Dialect))
async def test_a_provisioning_life_ends_equal(new_job: JobMaker, dialect: Dialect) -> None:
    job = new_job(dialect, users=30, groups=4)
    await job.run_lifecycle()
    await job.assert_equal()


async def test_two_tenants_with_the_same_people_never_meet(new_job: JobMaker) -> None:
    ours = new_job(Dialect.VERBOSE, users=20, groups=3)
    theirs = new_job(Dialect.COMPACT, users=20, groups=3)
    await asyncio.gather(ours.run_lifecycle(), theirs.run_lifecycle())
    await ours.assert_equal()
    await theirs.assert_equal()
    ids = [{str(user["id"]) for user in each.users()} for each in (ours, theirs)]
    assert not ids[0] & ids[1]


async def test_a_token_is_worthless_at_another_tenants_url(new_job: JobMaker) -> None:
    ours, theirs, stranger = (new_job(Dialect.VERBOSE) for _ in range(3))
    ours.engine.job.client.token = theirs.tenant.token
    stranger.engine.job.client.token = "not a token at all"
    refusals = []
    for each in (ours, stranger):
        with pytest.raises(CredentialsError) as refused:
            await each.test_connection()
        refusals.append(refused.value.reason)
    assert refusals[0] == refusals[1]
    assert refusals[0].startswith("401")


async def test_a_user_made_by_hand_is_adopted_without_a_duplicate(new_job: JobMaker) -> None:
    job = new_job(Dialect.VERBOSE, users=1, groups=0)
    [person] = job.entra.users.values()
    made = job.stack.directory(
        "user",
        "create",
        person.upn.swapcase(),
        *("--tenant", job.tenant.tenant_id, "--role", "tenant_admin"),
    )

    async with job.engine.job.client:

        async def adopted() -> bool:
            # Until the bus has told the SCIM service, Entra would make a user of its own.
            found = await job.engine.job.client.send(match_user(person.upn))
            return bool(found.document["totalResults"])

        await eventually(adopted, within=10)
        await job.engine.cycle(initial=True)
    assert job.engine.ok, job.errors()
    assert job.entra.links[person.object_id] == made["id"]
    await job.assert_equal()
    [user] = job.users()
    assert (user["id"], user["origin"], user["role"]) == (made["id"], "scim", "tenant_admin")


async def test_a_revoked_token_stops_within_five_seconds(new_job: JobMaker, stack: Stack) -> None:
    job = new_job(Dialect.VERBOSE)
    await job.test_connection()
    tenant = ("--tenant", job.tenant.tenant_id)
    [token] = json.loads(stack.command("scim", "token", "list", *tenant, "--json"))
    stack.command("scim", "token", "revoke", str(token["id"]), *tenant)
    revoked = time.monotonic()

    async def refused() -> bool:
        started = time.monotonic()
        try:
            await job.test_connection()
        except CredentialsError as error:
            return error.reason.startswith("401")
        if started > revoked + REVOKED_WITHIN:
            pytest.fail("the token was still good")
        return False

    await eventually(refused, within=30)


async def test_a_tenant_on_the_free_package_is_refused_with_a_sentence(new_job: JobMaker) -> None:
    job = new_job(Dialect.VERBOSE, "--package", "free")
    with pytest.raises(ProvisioningError) as refused:
        await job.test_connection()
    assert refused.value.reason.startswith("403 ")
    assert "package" in refused.value.reason
    assert job.users() == []
