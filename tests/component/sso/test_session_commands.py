"""`session list | revoke`: bounded pages of who is signed in, and exactly the end that is meant."""

from uuid import UUID

import pytest

from chassis.ids import uuid7
from component.sso.commands import facts, run
from component.sso.harness import APP, SignOn, add_tenant
from contracts.sso import SsoSessionRevoked
from sso.domain.connection import Kind


async def live(sso: SignOn) -> set[UUID]:
    rows = await sso.pool.fetch("SELECT id FROM sessions WHERE ended_at IS NULL")
    return {row["id"] for row in rows}


async def test_sessions_are_listed_in_pages_the_newest_first(sso: SignOn) -> None:
    ann = await sso.add_user("ann@corp.example")
    for _ in range(5):
        await sso.sign_in(sso.browser(), ann.user_name)
    seen: list[str] = []
    before: list[str] = []
    for size in (2, 2, 1):
        page = await facts(
            sso, "session", "list", "--tenant", sso.tenant.name, "--limit", "2", *before
        )
        assert len(page) == size
        seen += [row["id"] for row in page]
        before = ["--before", seen[-1]]
    assert seen == sorted(map(str, await live(sso)), reverse=True)
    assert {(row["user"], tuple(row["apps"])) for row in page} == {("ann@corp.example", ("app",))}


async def test_sessions_are_listed_by_what_they_belong_to(sso: SignOn) -> None:
    ann, bob = [await sso.add_user(f"{name}@corp.example") for name in ("ann", "bob")]
    await sso.use_cases.create_client("other", "Other", [APP], public=False)
    await sso.sign_in(sso.browser(), ann.user_name)
    browser = sso.browser()
    await sso.sign_in(browser, bob.user_name)
    await browser.http.get("/oauth2/authorize", params=sso.app.request(client_id="other"))
    tenant = ["--tenant", str(sso.tenant.tenant_id)]

    async def users(*by: str) -> list[str]:
        return [row["user"] for row in await facts(sso, "session", "list", *by)]

    both = [bob.user_name, ann.user_name]
    assert await users(*tenant) == both
    assert await users(*tenant, "--user", "ANN@corp.example") == [ann.user_name]
    assert await users(*tenant, "--user", str(bob.id)) == [bob.user_name]
    assert await users("--connection", str(sso.connection.id)) == both
    assert await users("--client", "app") == both
    assert await users("--client", "other") == [bob.user_name]
    newest = (await facts(sso, "session", "list", *tenant))[0]
    assert newest["apps"] == ["app", "other"]
    assert await users(*tenant, "--session", newest["id"]) == [bob.user_name]
    await sso.state_of(bob, active=False)
    assert await users(*tenant) == [ann.user_name]


async def test_one_session_is_revoked_and_no_other(sso: SignOn) -> None:
    ann = await sso.add_user("ann@corp.example")
    browser, other = sso.browser(), sso.browser()
    await sso.sign_in(browser, ann.user_name)
    [first] = await live(sso)
    await sso.sign_in(other, ann.user_name)
    tenant = ["--tenant", sso.tenant.name]
    done = await run(sso, "session", "revoke", *tenant, "--session", str(first))
    assert done.stdout == "1 sessions ended.\n"
    assert first not in await live(sso)
    for there, answer in ((browser, "error=login_required"), (other, "code=")):
        again = await there.http.get("/oauth2/authorize", params=sso.app.request(prompt="none"))
        assert answer in again.headers["location"]
    rows = await sso.pool.fetch("SELECT data FROM outbox WHERE type = 'sso.session.revoked.v1'")
    [said] = [SsoSessionRevoked.model_validate_json(row["data"]) for row in rows]
    assert ([each.session_id for each in said.sessions], said.reason) == ([first], "revoked")
    repeated = await run(sso, "session", "revoke", *tenant, "--session", str(first))
    assert repeated.stdout == "0 sessions ended.\n"


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        ([], 2, "Name a tenant"),
        (["--tenant", "{tenant}"], 2, "--all"),
        (["--tenant", "{tenant}", "--all", "--user", "ann@corp.example"], 2, "--all"),
        (["--user", "ann@corp.example"], 2, "which tenant"),
        (["--session", "{id}"], 2, "which tenant"),
        (["--tenant", "{tenant}", "--session", "x"], 2, "UUID"),
        (["--tenant", "{tenant}", "--user", "nobody@corp.example"], 1, "no such user"),
        (["--tenant", "{tenant}", "--user", "ann@corp.example", "--client", "app"], 2, "exactly"),
        (["--tenant", "{tenant}", "--client", "app"], 2, "of no tenant"),
        (["--client", "nobody"], 1, "no such client"),
        (["--connection", "{id}"], 1, "no such connection"),
        (["--tenant", "nobody", "--all"], 1, "has not heard"),
    ],
)
async def test_what_is_not_clear_ends_nothing(
    sso: SignOn, arguments: list[str], code: int, sentence: str
) -> None:
    await sso.add_user("ann@corp.example")
    await sso.sign_in(sso.browser(), "ann@corp.example")
    given = [each.format(tenant=sso.tenant.name, id=uuid7()) for each in arguments]
    result = await run(sso, "session", "revoke", *given)
    assert result.exit_code == code, result.output
    assert sentence in result.output
    assert len(await live(sso)) == 1


async def test_what_is_another_tenants_is_not_there(sso: SignOn) -> None:
    ann = await sso.add_user("ann@corp.example")
    await sso.sign_in(sso.browser(), ann.user_name)
    [session] = await live(sso)
    other = ["--tenant", (await add_tenant(sso.pool, sso.clock, "other.example")).name]
    assert await facts(sso, "session", "list", *other) == []
    assert await facts(sso, "session", "list", *other, "--session", str(session)) == []
    assert (
        "no such user"
        in (await run(sso, "session", "revoke", *other, "--user", str(ann.id))).output
    )
    done = await run(sso, "session", "revoke", *other, "--session", str(session))
    assert done.stdout == "0 sessions ended.\n"
    foreign = await run(sso, "session", "revoke", *other, "--connection", str(sso.connection.id))
    assert "no such connection" in foreign.output
    assert await live(sso) == {session}


async def explained(sso: SignOn, email: str, *arguments: str) -> tuple[bool, dict[str, bool]]:
    found = await facts(sso, "user", "explain", email, *arguments)
    return found["can_sign_in"], {each["about"]: each["ok"] for each in found["findings"]}


async def test_it_is_explained_why_somebody_can_or_cannot_sign_in(sso: SignOn) -> None:
    ann = await sso.add_user("ann@corp.example")
    everything = dict.fromkeys(
        ("domain", "tenant", "package", "connection", "user", "binding", "sessions"), True
    )
    assert await explained(sso, "Ann@Corp.example") == (True, everything)
    assert await explained(sso, "not an address") == (False, {"address": False})
    assert await explained(sso, "ann@unknown.example") == (False, {"domain": False})
    can, found = await explained(sso, "ann@unknown.example", "--tenant", sso.tenant.name)
    assert (can, found["domain"], found["user"]) == (False, False, False)
    can, found = await explained(sso, "bob@corp.example")
    assert (can, found["user"]) == (False, False)
    await sso.state_of(ann, active=False)
    can, found = await explained(sso, ann.user_name)
    assert (can, found) == (False, everything | {"user": False})
    await sso.state_of(ann)
    await sso.add_user("annie@corp.example", email="ann@corp.example")
    can, found = await explained(sso, ann.user_name)
    assert (can, found["user"]) == (False, False)
    await sso.pool.execute("UPDATE tenants SET package = 'free', status = 'suspended'")
    can, found = await explained(sso, ann.user_name)
    assert (found["tenant"], found["package"]) == (False, False)
    await sso.use_cases.suspend_connection(sso.connection)
    can, found = await explained(sso, ann.user_name)
    assert found["connection"] is False
    await sso.use_cases.create_connection(sso.tenant, "Second", Kind.ENTRA)
    told = await run(sso, "user", "explain", ann.user_name)
    assert "cannot sign in" in told.stdout
    assert "Second is draft" in told.stdout


async def test_the_last_attempts_are_told_of_whoever_they_were(sso: SignOn) -> None:
    ann = await sso.add_user("ann@corp.example")
    await sso.sign_in(sso.browser(), ann.user_name, object_id="11111111-aaaa")
    await sso.state_of(ann, active=False)
    browser = sso.browser()
    request_id = await sso.leave(browser, ann.user_name)
    await sso.answer(browser, sso.response(request_id, ann.user_name, object_id="11111111-aaaa"))
    await sso.state_of(ann, active=True)
    request_id = await sso.leave(browser, ann.user_name)
    await sso.answer(browser, sso.response(request_id, ann.user_name, object_id="22222222-aaaa"))
    told = await facts(sso, "user", "explain", ann.user_name)
    outcomes = [row["outcome"] for row in told["attempts"]]
    assert outcomes == ["other_subject", "deactivated", "signed_in"]
    assert {row["user_id"] for row in told["attempts"]} == {str(ann.id)}
    says = {each["about"]: each["says"] for each in told["findings"]}
    assert "11111111-aaaa" in says["binding"]


async def test_the_sign_in_log_is_read_in_pages_and_by_outcome(sso: SignOn) -> None:
    ann = await sso.add_user("ann@corp.example")
    await sso.sign_in(sso.browser(), ann.user_name)
    for _ in range(3):
        await sso.post_document(b"<a/>")
    tenant = ["--tenant", sso.tenant.name]
    rows = await facts(sso, "log", *tenant)
    assert [row["outcome"] for row in rows] == [
        *["not_a_response"] * 3,
        "signed_in",
        "test_passed",
    ]
    assert all(row["correlation_id"] for row in rows)
    page = await facts(sso, "log", *tenant, "--limit", "2")
    rest = await facts(sso, "log", *tenant, "--before", page[-1]["id"])
    assert page + rest == rows
    refused = await facts(sso, "log", *tenant, "--outcome", "not_a_response", "--limit", "2")
    assert refused == rows[:2]
    assert await facts(sso, "log", *tenant, "--outcome", "test_passed") == rows[4:]
    assert await facts(sso, "log", *tenant, "--user", ann.user_name) == [rows[3]]
    wrong = await run(sso, "log", *tenant, "--outcome", "nonsense")
    assert wrong.exit_code == 2
    assert "signer_unknown" in wrong.output
