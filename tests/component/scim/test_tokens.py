"""Tokens: what opens a tenant's door, and everything that must not."""

from datetime import datetime, timedelta
from uuid import UUID

import httpx
import pytest

from chassis.ids import uuid7
from chassis.projection.tenants import save_tenant
from chassis.testing import FixedClock
from component.scim.harness import Client, Surface, check_response, json
from kernel.errors import Kind
from kernel.tenant import Tenant
from scim.domain.errors import ScimError
from scim.storage.tokens import PostgresTokens
from scim.usecases.authenticate import Authenticate
from scim.usecases.ports import Grant
from support.waiting import eventually


async def ask(surface: Surface, tenant: object, authorization: str | None) -> httpx.Response:
    headers = {} if authorization is None else {"authorization": authorization}
    response = await surface.http.get(f"/scim/v2/{tenant}/Users", headers=headers)
    check_response(response)
    return response


async def test_whatever_is_wrong_the_answer_is_the_same(surface: Surface) -> None:
    acme, other = await surface.tenant("acme"), await surface.tenant("other")
    expired = await surface.client(acme.tenant, lifetime=timedelta(seconds=-1))
    assert (await ask(surface, acme.tenant.tenant_id, f"Bearer {acme.token}")).status_code == 200
    assert (await ask(surface, acme.tenant.tenant_id, f"bearer {acme.token}")).status_code == 200
    attacks = [
        (acme.tenant.tenant_id, None),
        (acme.tenant.tenant_id, ""),
        (acme.tenant.tenant_id, "Bearer"),
        (acme.tenant.tenant_id, "Bearer "),
        (acme.tenant.tenant_id, f"Basic {acme.token}"),
        (acme.tenant.tenant_id, acme.token),
        (acme.tenant.tenant_id, f"Bearer {acme.token}x"),
        (acme.tenant.tenant_id, f"Bearer {acme.token[:-1]}"),
        (acme.tenant.tenant_id, f"Bearer {acme.token.upper()}"),
        (acme.tenant.tenant_id, f"Bearer {other.token}"),
        (other.tenant.tenant_id, f"Bearer {acme.token}"),
        (acme.tenant.tenant_id, f"Bearer {expired.token}"),
        (uuid7(), f"Bearer {acme.token}"),
        ("acme", f"Bearer {acme.token}"),
        ("%00", f"Bearer {acme.token}"),
        (acme.tenant.tenant_id, "Bearer \xff\xfe"),
        (acme.tenant.tenant_id, "Bearer " + "x" * 8_000),
    ]
    responses = []
    for tenant, authorization in attacks:
        headers = (
            {} if authorization is None else {b"authorization": authorization.encode("latin-1")}
        )
        responses.append(await surface.http.get(f"/scim/v2/{tenant}/Users", headers=headers))
    assert {response.status_code for response in responses} == {401}
    assert len({response.content for response in responses}) == 1
    assert {each.headers["www-authenticate"] for each in responses} == {'Bearer realm="scim"'}
    for response in responses:
        check_response(response)


@pytest.mark.parametrize("path", ["", "/", "/Nothing", "/Users/x", "/Schemas", "/Me"])
async def test_every_path_wants_a_token(surface: Surface, acme: Client, path: str) -> None:
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        response = await surface.http.request(method, acme.base + path)
        assert response.status_code == 401


@pytest.mark.parametrize(
    ("package", "status", "word"),
    [("free", "active", "upgrade"), ("business", "suspended", "suspended")],
)
async def test_tenants_that_may_not_provision(
    surface: Surface, package: str, status: str, word: str
) -> None:
    tenant = await surface.tenant("free", package=package, status=status)
    response = await tenant.get("/Users")
    assert response.status_code == 403
    assert word in json(response)["detail"]


async def test_a_tenants_upgrade_counts_once_it_is_no_longer_remembered(surface: Surface) -> None:
    tenant = await surface.tenant("free", package="free")
    assert (await tenant.get("/Users")).status_code == 403
    better = Tenant(tenant.tenant.tenant_id, tenant.tenant.name, "smb", "active")
    async with surface.pool.acquire() as connection:
        await save_tenant(connection, better, 2)  # type: ignore[arg-type]  # a pool's proxy
    forget(surface)
    assert (await tenant.get("/Users")).status_code == 200


async def test_several_tokens_live_and_one_is_revoked(surface: Surface, acme: Client) -> None:
    second = await surface.client(acme.tenant)
    first = await surface.pool.fetchval("SELECT id FROM tokens ORDER BY id LIMIT 1")
    assert (await acme.get("/Users")).status_code == 200
    assert (await second.get("/Users")).status_code == 200
    tokens = PostgresTokens(surface.pool)
    now = surface.scim.background_writer.authenticate.clock.now()
    assert await tokens.revoke(acme.tenant.tenant_id, first, now)
    forget(surface)
    assert (await acme.get("/Users")).status_code == 401
    assert (await second.get("/Users")).status_code == 200


async def test_a_use_that_could_not_be_written_is_written_later(
    surface: Surface, acme: Client
) -> None:
    background_writer = surface.scim.background_writer
    await acme.get("/Users")
    tokens = background_writer.tokens

    class Away(PostgresTokens):
        async def mark_used(self, uses: object) -> None:
            raise ConnectionError

    background_writer.tokens = Away(surface.pool)
    await background_writer.write(uses=True)
    background_writer.tokens = tokens
    await background_writer.write(uses=True)
    [token] = await tokens.list(acme.tenant.tenant_id)
    assert token.last_used_at is not None


def forget(surface: Surface) -> None:
    """Let the time pass that a grant is remembered for."""
    authenticate = surface.scim.background_writer.authenticate
    started = authenticate.monotonic()
    authenticate.monotonic = lambda: started + 4.001
    authenticate._good.clock = authenticate._wrong.clock = authenticate.monotonic


async def test_nothing_is_remembered_for_five_seconds(surface: Surface, acme: Client) -> None:
    seconds = 0.0
    tokens = _Counting(PostgresTokens(surface.pool))
    original = surface.scim.background_writer.authenticate
    authenticate = Authenticate(
        tokens,  # type: ignore[arg-type]  # it is only searched
        original.digest_key,
        original.clock,
        lambda: seconds,
    )
    for turn, looked_up in ((0.0, 1), (3.9, 1), (4.0, 2), (7.9, 2), (8.1, 3)):
        seconds = turn
        await authenticate(str(acme.tenant.tenant_id), f"Bearer {acme.token}")
        assert tokens.lookups == looked_up
    assert list(authenticate.take_uses()) != []
    assert authenticate.take_uses() == {}


async def test_a_remembered_token_ends_when_it_expires(surface: Surface, acme: Client) -> None:
    authenticate = surface.scim.background_writer.authenticate
    clock, key = FixedClock(authenticate.clock.now()), authenticate.digest_key
    short = await surface.client(acme.tenant, lifetime=timedelta(seconds=60))
    authenticate = Authenticate(PostgresTokens(surface.pool), key, clock)
    await authenticate(str(acme.tenant.tenant_id), f"Bearer {short.token}")
    clock.advance(seconds=61)
    with pytest.raises(ScimError) as refused:
        await authenticate(str(acme.tenant.tenant_id), f"Bearer {short.token}")
    assert refused.value.kind is Kind.UNAUTHENTICATED


class _Counting:
    def __init__(self, tokens: PostgresTokens) -> None:
        self.tokens = tokens
        self.lookups = 0

    async def find(self, tenant_id: UUID, digest: bytes, at: datetime) -> Grant | None:
        self.lookups += 1
        return await self.tokens.find(tenant_id, digest, at)


async def test_guesses_are_remembered_in_a_bounded_table(surface: Surface, acme: Client) -> None:
    await acme.get("/Users")
    with surface.statements:
        for guess in range(50):
            await ask(surface, acme.tenant.tenant_id, f"Bearer guess{guess}")
        for guess in range(50):
            await ask(surface, acme.tenant.tenant_id, f"Bearer guess{guess}")
    # The driver tells of a statement a moment after it has answered.
    await eventually(lambda: surface.statements.count == 50)
    with surface.statements:
        await acme.get("/Schemas")
    assert surface.statements.count == 0


async def test_what_is_stored_is_no_token(surface: Surface, acme: Client) -> None:
    row = await surface.pool.fetchrow("SELECT * FROM tokens")
    assert row is not None
    assert acme.token.startswith("portico_scim_")
    assert acme.token.startswith(row["prefix"])
    assert len(acme.token) - len(row["prefix"]) >= 30
    assert len(row["digest"]) == 32
    assert acme.token.removeprefix(row["prefix"]).encode() not in repr(dict(row)).encode()


async def test_last_use_is_noted_beside_the_path(surface: Surface, acme: Client) -> None:
    await acme.get("/Schemas")
    await acme.get("/Schemas")
    assert await surface.pool.fetchval("SELECT last_used_at FROM tokens") is None
    await surface.scim.background_writer.write(uses=True)
    assert await surface.pool.fetchval("SELECT last_used_at FROM tokens") is not None


async def test_a_tenant_over_its_rate(surface: Surface, acme: Client) -> None:
    other = await surface.tenant("other")
    limit = surface.scim.limit
    limit._rate, limit._burst = 0.05, 3.0
    statuses = [(await acme.get("/Schemas")).status_code for _ in range(5)]
    assert statuses == [200, 200, 200, 429, 429]
    response = await acme.get("/Schemas")
    assert int(response.headers["retry-after"]) >= 1
    assert (await other.get("/Schemas")).status_code == 200


async def test_a_tenant_over_its_byte_rate(surface: Surface, acme: Client) -> None:
    other = await surface.tenant("other")
    ann = await acme.create_user("ann@x.test", title="x" * 3_000)
    limit = surface.scim.byte_limit
    limit._rate, limit._burst = 100.0, 10_000.0
    limit._buckets.clear()
    small = {"op": "replace", "path": "nickName", "value": "A"}
    path = f"/Users/{ann['id']}?attributes=id"
    assert (await acme.patch(path, small)).status_code == 200
    assert (await acme.patch(path, small)).status_code == 200
    assert (await acme.patch(path, small)).status_code == 200, "the third one is over the burst"
    refused = await acme.patch(path, small)
    assert (refused.status_code, "too large ones" in refused.text) == (429, True)
    assert int(refused.headers["retry-after"]) >= 1
    assert (await other.get("/Schemas")).status_code == 200
    await other.call("POST", "/Users", content=b" " * 12_000)
    assert (await other.get("/Schemas")).status_code == 429, "what was refused was read as well"
