"""What every storage of tokens and of the provisioning log promises."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from chassis.ids import uuid7
from conformance.scim.harness import NOW, Storage, log_entry
from kernel.tenant import Tenant
from scim.usecases.ports import Token

DAY = timedelta(days=1)


def token(tenant: UUID, *, expires: timedelta = DAY) -> Token:
    return Token(tenant, uuid7(), "portico_scim_abcdef", NOW, NOW + expires)


async def test_a_digest_opens_its_own_tenant_alone(storage: Storage, tenant: UUID) -> None:
    acme, other = Tenant(tenant, "acme", "smb", "active"), Tenant(uuid7(), "o", "smb", "active")
    for each in (acme, other):
        await storage.keep_tenant(each)
    mine = token(tenant)
    await storage.tokens.add(mine, b"digest")
    grant = await storage.tokens.find(tenant, b"digest", NOW)
    assert grant is not None
    assert (grant.token_id, grant.tenant, grant.expires_at) == (mine.id, acme, mine.expires_at)
    assert await storage.tokens.find(other.tenant_id, b"digest", NOW) is None
    assert await storage.tokens.find(tenant, b"other", NOW) is None
    assert await storage.tokens.find(tenant, b"digest", NOW + DAY) is None
    assert await storage.tokens.list(other.tenant_id) == []


async def test_a_revoked_token_stays_revoked(storage: Storage, tenant: UUID) -> None:
    await storage.keep_tenant(Tenant(tenant, "acme", "smb", "active"))
    first, second = token(tenant), token(tenant)
    await storage.tokens.add(first, b"1")
    await storage.tokens.add(second, b"2")
    assert await storage.tokens.revoke(tenant, first.id, NOW)
    assert await storage.tokens.revoke(tenant, first.id, NOW + DAY)
    assert not await storage.tokens.revoke(uuid7(), second.id, NOW)
    assert await storage.tokens.find(tenant, b"1", NOW) is None
    assert await storage.tokens.find(tenant, b"2", NOW) is not None
    listed = await storage.tokens.list(tenant)
    assert [each.id for each in listed] == [second.id, first.id]
    assert [each.revoked_at for each in listed] == [None, NOW]


async def test_last_use_only_rises(storage: Storage, tenant: UUID) -> None:
    await storage.keep_tenant(Tenant(tenant, "acme", "smb", "active"))
    mine = token(tenant)
    await storage.tokens.add(mine, b"1")
    for at in (NOW, NOW + DAY, NOW):
        await storage.tokens.mark_used({(tenant, mine.id): at, (tenant, uuid7()): at})
    [listed] = await storage.tokens.list(tenant)
    assert listed.last_used_at == NOW + DAY
    await storage.tokens.mark_used({})


async def test_live_tokens_are_told_those_used_last_first(storage: Storage, tenant: UUID) -> None:
    await storage.keep_tenant(Tenant(tenant, "acme", "smb", "active"))
    unused, used, revoked, expired = (token(tenant) for _ in range(4))
    expired = replace(expired, expires_at=NOW)
    for number, each in enumerate((unused, used, revoked, expired)):
        await storage.tokens.add(each, b"%d" % number)
    await storage.tokens.mark_used({(tenant, used.id): NOW})
    await storage.tokens.revoke(tenant, revoked.id, NOW)

    async def live(limit: int = 100_000, since: datetime | None = None) -> list[bytes]:
        found = await storage.tokens.list_live(NOW, since=since, limit=limit)
        return [digest for tenant_id, digest in found if tenant_id == tenant]

    assert await live() == [b"1", b"0"]
    assert await live(since=NOW - DAY) == [b"1", b"0"]
    assert await live(since=NOW) == []
    assert await live(limit=0) == []


async def test_rows_of_the_log(storage: Storage, tenant: UUID) -> None:
    rows = [
        log_entry(tenant, f"user.{number}", status=400 if number % 2 else 200, age=100 - number)
        for number in range(10)
    ]
    rows[3].dropped, rows[3].detail = ("a", "b"), "Why."
    await storage.entries.add(rows)
    await storage.entries.add(rows[2:4])
    await storage.entries.add([])
    since = NOW - timedelta(seconds=98)
    shown = await storage.entries.newest(tenant, since=since, errors=True, limit=3)
    assert [each.endpoint for each in shown] == ["user.5", "user.7", "user.9"]
    everything = await storage.entries.newest(tenant, since=since, errors=False, limit=99)
    assert [each.endpoint for each in everything] == [f"user.{number}" for number in range(2, 10)]
    assert (everything[1].dropped, everything[1].detail) == (("a", "b"), "Why.")
    assert await storage.entries.newest(uuid7(), since=since, errors=False, limit=9) == []


async def test_old_rows_go(storage: Storage, tenant: UUID) -> None:
    other = uuid7()
    await storage.entries.add(
        [log_entry(t, age=age) for t in (tenant, other) for age in (10, 100, 200)]
    )
    assert await storage.entries.prune(NOW - timedelta(seconds=50)) == 4
    for each in (tenant, other):
        left = await storage.entries.newest(each, since=NOW - DAY, errors=False, limit=9)
        assert len(left) == 1
