"""Every way to be out ends sessions, codes and logins on their way, and says so on the bus."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from chassis.database import transaction
from chassis.ids import uuid7
from chassis.projection.tenants import remove_tenant
from component.sso.harness import Browser, SignOn
from contracts.sso import SsoSessionRevoked
from kernel.tenant import Tenant
from sso import wiring
from sso.domain.login import Outcome, Session, User
from sso.storage.sessions import PostgresSessions
from sso.usecases.use_cases import EventUseCases
from support.waiting import eventually

Way = Callable[[SignOn, User], Awaitable[None]]


async def event(sso: SignOn, apply: Callable[[EventUseCases], Awaitable[None]]) -> None:
    async with transaction(sso.pool) as connection:
        await apply(wiring.event_use_cases(connection, sso.clock))


async def deactivated(sso: SignOn, user: User) -> None:
    await event(sso, lambda cases: cases.keep_user(replace(user, active=False)))


async def deleted(sso: SignOn, user: User) -> None:
    await event(sso, lambda cases: cases.forget_user(user.tenant_id, user.id))


async def role_lowered(sso: SignOn, user: User) -> None:
    await event(sso, lambda cases: cases.keep_user(replace(user, role="member")))


async def role_taken(sso: SignOn, user: User) -> None:
    await event(sso, lambda cases: cases.keep_user(replace(user, role=None, active=False)))


async def tenant_suspended(sso: SignOn, _user: User) -> None:
    suspended = Tenant(sso.tenant.tenant_id, sso.tenant.name, "business", "suspended")
    await event(sso, lambda cases: cases.keep_tenant(suspended))


async def package_lost(sso: SignOn, _user: User) -> None:
    free = Tenant(sso.tenant.tenant_id, sso.tenant.name, "free", "active")
    await event(sso, lambda cases: cases.keep_tenant(free))


async def tenant_deleted(sso: SignOn, _user: User) -> None:
    async with transaction(sso.pool) as connection:
        forget = wiring.event_use_cases(connection, sso.clock).forget_tenant

        async def before(_connection: object, tenant_id: UUID) -> None:
            await forget(tenant_id)

        await remove_tenant(connection, sso.tenant.tenant_id, 9, before)


async def connection_suspended(sso: SignOn, _user: User) -> None:
    await sso.use_cases.suspend_connection(sso.connection)


async def client_disabled(sso: SignOn, _user: User) -> None:
    await sso.use_cases.disable_client("app")


def revoked(**named: str) -> Way:
    """Return the way of an operator's command."""

    async def way(sso: SignOn, user: User) -> None:
        given = {
            name: value.format(
                tenant=sso.tenant.name, user=user.user_name, connection=sso.connection.id
            )
            for name, value in named.items()
        }
        await sso.use_cases.revoke_sessions(await sso.use_cases.select_sessions(**given))

    return way


WAYS: dict[str, tuple[Way, str]] = {
    "deactivated": (deactivated, "user_deactivated"),
    "deleted": (deleted, "user_deleted"),
    "role lowered": (role_lowered, "role_changed"),
    "role taken": (role_taken, "role_changed"),
    "tenant suspended": (tenant_suspended, "tenant_not_entitled"),
    "package lost": (package_lost, "tenant_not_entitled"),
    "tenant deleted": (tenant_deleted, "tenant_deleted"),
    "connection suspended": (connection_suspended, "connection_suspended"),
    "client disabled": (client_disabled, "client_disabled"),
    "user revoked": (revoked(tenant="{tenant}", user="{user}"), "revoked"),
    "connection revoked": (revoked(connection="{connection}"), "revoked"),
    "tenant revoked": (revoked(tenant="{tenant}"), "revoked"),
    "client revoked": (revoked(client="app"), "revoked"),
}


async def revocations(sso: SignOn) -> list[SsoSessionRevoked]:
    rows = await sso.pool.fetch(
        "SELECT data FROM outbox WHERE type = 'sso.session.revoked.v1' ORDER BY id"
    )
    return [SsoSessionRevoked.model_validate_json(row["data"]) for row in rows]


async def came_back(sso: SignOn, browser: Browser, email: str) -> str:
    """Return the address by which a login goes on whose assertion was taken already."""
    request_id = await sso.leave(browser, email)
    answered = await sso.answer(browser, sso.response(request_id, email))
    assert answered.status_code == 303, answered.text
    return str(answered.headers["location"])


@pytest.mark.parametrize("way", WAYS)
async def test_every_way_to_be_out(sso: SignOn, way: str) -> None:
    end, reason = WAYS[way]
    ann = await sso.add_user("ann@corp.example", role="tenant_admin")
    bob = await sso.add_user("bob@corp.example")
    browser, second, other = sso.browser(), sso.browser(), sso.browser()
    async with sso.client() as http:
        tokens = (await sso.app.redeem(http, await sso.sign_in(browser, ann.user_name))).json()
        code = await sso.sign_in(second, ann.user_name)
        on_its_way = await came_back(sso, sso_browser := sso.browser(), ann.user_name)
        await sso.sign_in(other, bob.user_name)

        await end(sso, ann)

        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        assert (await http.get("/oauth2/userinfo", headers=bearer)).status_code == 401
        assert (await sso.app.redeem(http, code)).status_code in (400, 401)
    landed = await sso_browser.get(on_its_way)
    assert landed.status_code == 403, "a login on its way must not become a session"
    live = await sso.pool.fetch("SELECT user_id FROM sessions WHERE ended_at IS NULL")
    whole = way.partition(" ")[0] in ("tenant", "package", "connection", "client")
    assert [row["user_id"] for row in live] == ([] if whole else [bob.id])
    said = await revocations(sso)
    assert {one.reason for one in said} == {reason}
    out = [session.user_id for one in said for session in one.sessions]
    assert sorted(out) == sorted([ann.id] * 2 + ([bob.id] if whole else []))


async def test_who_returns_does_not_get_an_old_session_back(sso: SignOn) -> None:
    ann = await sso.add_user("ann@corp.example")
    browser = sso.browser()
    await sso.sign_in(browser, ann.user_name)
    await sso.state_of(ann, active=False)
    await sso.state_of(ann, active=True)
    again = await browser.http.get("/oauth2/authorize", params=sso.app.request(prompt="none"))
    assert "error=login_required" in again.headers["location"]


async def test_what_changes_nothing_says_nothing(sso: SignOn) -> None:
    ann = await sso.add_user("ann@corp.example")
    browser = sso.browser()
    await sso.sign_in(browser, ann.user_name)
    await sso.state_of(ann, display_name="Ann B.")
    await sso.state_of(ann, role="tenant_admin")
    await event(sso, lambda cases: cases.keep_tenant(sso.tenant))
    assert await revocations(sso) == []
    again = await browser.http.get("/oauth2/authorize", params=sso.app.request(prompt="none"))
    assert "code=" in again.headers["location"]


async def test_no_session_begins_while_another_replica_takes_the_person_out(sso: SignOn) -> None:
    ann = await sso.add_user("ann@corp.example")
    async with transaction(sso.pool) as connection:
        cases = wiring.event_use_cases(connection, sso.clock)
        await cases.keep_user(replace(ann, active=False))
        begins = asyncio.create_task(begin(sso, ann))
        await eventually(lambda: waits_for_a_lock(sso))
    assert await begins is False


async def test_no_session_begins_while_another_replica_suspends_the_connection(
    sso: SignOn,
) -> None:
    ann = await sso.add_user("ann@corp.example")
    async with transaction(sso.pool) as connection:
        await connection.execute(
            "UPDATE connections SET suspended = true WHERE id = $1", sso.connection.id
        )
        begins = asyncio.create_task(begin(sso, ann))
        await eventually(lambda: waits_for_a_lock(sso))
    assert await begins is False


async def begin(sso: SignOn, user: User) -> bool:
    now = sso.clock.now()
    ends = now + timedelta(hours=1)
    session = Session(user.tenant_id, uuid7(), user.id, sso.connection.id, now, ends, ends)
    outcome = Outcome(user.id, "address", None, None, None, None)
    return await PostgresSessions(sso.pool).start(session, session.id.bytes, outcome, None)


async def waits_for_a_lock(sso: SignOn) -> bool:
    waiting = await sso.pool.fetchval(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
        "AND wait_event_type = 'Lock'"
    )
    return bool(waiting)
