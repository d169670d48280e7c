"""`/api/domains/…` behind an injected authoriser, on real PostgreSQL."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
from starlette.requests import Request

from chassis.clock import SystemClock
from chassis.database import create_pool
from chassis.http import Principal
from chassis.ids import uuid7
from chassis.outbox import OutboxSignal
from chassis.projection.tenants import save_tenant
from domain_verifier.domain.evidence import Outcome
from domain_verifier.settings import Settings
from domain_verifier.wiring import application, make_adapters
from kernel.tenant import Tenant
from support.databases import DatabaseFactory
from support.dns_fixed import ScriptedProber


@dataclass
class Api:
    """A client, and who it is."""

    client: httpx.AsyncClient
    dns: ScriptedProber
    tenant_id: UUID
    principal: Principal
    pool: asyncpg.Pool

    def acts(self, role: str, tenant_id: UUID | None = None) -> None:
        self.principal = Principal(f"{role}@acme", role, tenant_id)

    async def post(self, path: str = "", **body: object) -> httpx.Response:
        base = f"/api/domains/tenants/{self.tenant_id}/claims"
        return await self.client.post(f"{base}{path}", json=body)

    async def get(self, path: str = "") -> httpx.Response:
        return await self.client.get(f"/api/domains/tenants/{self.tenant_id}/claims{path}")

    async def becomes(self, *, package: str = "business", status: str = "active") -> None:
        async with self.pool.acquire() as connection:
            tenant = Tenant(self.tenant_id, "acme", package, status)
            await save_tenant(connection, tenant, 2)  # type: ignore[arg-type]  # a pool's proxy

    async def claimed(self, domain: str = "acme.test") -> str:
        response = await self.post(domain=domain)
        assert response.status_code == 201, response.text
        return str(response.json()["claim_id"])


@pytest.fixture
async def api(database: DatabaseFactory) -> AsyncIterator[Api]:
    dsn = await database("domain-verifier")
    settings = Settings(
        environment="test",
        kafka_bootstrap_servers="127.0.0.1:9",
        database_url=dsn,
        dns_resolvers="127.0.0.1:1,127.0.0.1:2",
        test_zones="test",
        claims_per_tenant=3,
    )
    pool = await create_pool(dsn, size=4)
    tenant = Tenant(uuid7(), "acme", "business", "active")
    async with pool.acquire() as connection:
        await save_tenant(connection, tenant, 1)  # type: ignore[arg-type]  # a pool's proxy
    dns = ScriptedProber()
    adapters = make_adapters(settings, pool, OutboxSignal(), SystemClock())
    adapters = replace(adapters, run_check=replace(adapters.run_check, prober=dns))

    async def authorise(_request: Request) -> Principal:
        return made.principal

    app = application(settings, adapters, authorise=authorise)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://verifier") as client:
        made = Api(
            client,
            dns,
            tenant.tenant_id,
            Principal("ann@acme", "tenant_admin", tenant.tenant_id),
            pool,
        )
        yield made
    await pool.close()


async def test_a_claim_shows_the_record_to_publish(api: Api) -> None:
    response = await api.post(domain="München.test")
    assert response.status_code == 201
    claim = response.json()
    assert response.headers["location"].endswith(claim["claim_id"])
    assert claim["domain"] == "xn--mnchen-3ya.test"
    assert claim["domain_shown"] == "münchen.test (xn--mnchen-3ya.test)"
    assert claim["record"]["host"] == "_portico-challenge"
    assert claim["record"]["name"] == "_portico-challenge.xn--mnchen-3ya.test"
    assert claim["record"]["value"].startswith("token=")
    assert claim["state"] == "pending"


async def test_check_verifies_and_details_tell_how(api: Api) -> None:
    claim_id = await api.claimed()
    api.dns.says("acme.test", Outcome.PRESENT)
    checked = await api.post(f"/{claim_id}/check")
    assert checked.status_code == 200
    assert checked.json()["state"] == "verified"
    details = (await api.get(f"/{claim_id}")).json()
    assert [check["outcome"] for check in details["checks"]] == ["present"]
    assert [record["action"] for record in details["log"]] == ["verified", "claimed"]


async def test_checking_again_at_once_is_too_soon(api: Api) -> None:
    claim_id = await api.claimed()
    assert (await api.post(f"/{claim_id}/check")).status_code == 200
    again = await api.post(f"/{claim_id}/check")
    assert again.status_code == 429
    assert again.headers["retry-after"] == "10"
    assert again.headers["content-type"] == "application/problem+json"
    assert again.json()["type"].endswith("check_too_soon")


async def test_lists_are_paged(api: Api) -> None:
    ids = [await api.claimed(f"a{number}.test") for number in range(3)]
    first = (await api.get("?limit=2")).json()
    assert [claim["claim_id"] for claim in first["claims"]] == ids[:2]
    second = (await api.get(f"?limit=2&after={first['next']}")).json()
    assert [claim["claim_id"] for claim in second["claims"]] == ids[2:]
    assert second["next"] is None


async def test_release_and_override(api: Api) -> None:
    claim_id = await api.claimed()
    body = {"days": 3, "approved_by": "bo@portico", "reason": "moving name servers"}
    refused = await api.post(f"/{claim_id}/override", **body)
    assert refused.status_code == 403
    api.acts("primary_admin")
    held = await api.post(f"/{claim_id}/override", **body)
    assert held.status_code == 200
    assert held.json()["state"] == "verified"
    assert held.json()["override_until"] is not None
    alone = await api.post(
        f"/{claim_id}/override", days=3, approved_by="primary_admin@acme", reason="r"
    )
    assert alone.status_code == 422
    released = await api.post(f"/{claim_id}/release", reason="sold")
    assert released.json()["state"] == "released"
    assert (await api.post(f"/{claim_id}/release", reason="again")).status_code == 409


@pytest.mark.parametrize(
    ("body", "status", "slug"),
    [
        ({"domain": "gmail.com"}, 422, "mail_provider"),
        ({"domain": "co.uk"}, 422, "public_suffix"),
        ({"domain": "pаypal.com"}, 422, "mixed_scripts"),
        ({"domain": 7}, 422, "invalid-request"),
        ({"name": "acme.test"}, 422, "invalid-request"),
        ({"domain": "acme\x00.test"}, 422, "not_a_name"),
    ],
)
async def test_bad_input_changes_nothing(
    api: Api, body: dict[str, Any], status: int, slug: str
) -> None:
    response = await api.post(**body)
    assert response.status_code == status
    assert response.json()["type"].endswith(slug)
    assert (await api.get()).json()["claims"] == []


async def test_too_many_claims_are_refused(api: Api) -> None:
    for number in range(3):
        await api.claimed(f"a{number}.test")
    response = await api.post(domain="a3.test")
    assert response.status_code == 429
    assert response.json()["type"].endswith("too_many_claims")


@pytest.mark.parametrize("role", ["tenant_admin", "member"])
async def test_another_tenant_looks_like_none(api: Api, role: str) -> None:
    claim_id = await api.claimed()
    api.acts(role, uuid7())
    unknown = api.tenant_id
    answers = [await api.get(), await api.get(f"/{claim_id}"), await api.post(domain="b.test")]
    api.tenant_id = uuid7()
    answers += [await api.get(), await api.get(f"/{claim_id}"), await api.post(domain="b.test")]
    assert {answer.status_code for answer in answers} == {404}
    assert {answer.json()["detail"] for answer in answers} == {"There is no such tenant."}
    api.tenant_id = unknown


async def test_a_member_may_not_look(api: Api) -> None:
    api.acts("member", api.tenant_id)
    assert (await api.get()).status_code == 403


async def test_claiming_again_answers_with_the_same_claim(api: Api) -> None:
    claim_id = await api.claimed()
    await api.post(f"/{claim_id}/check")
    again = await api.post(domain="ACME.test")
    assert again.status_code == 200
    assert again.json()["claim_id"] == claim_id


async def test_the_first_answer_is_created_and_the_second_is_not(api: Api) -> None:
    first = await api.post(domain="acme.test")
    second = await api.post(domain="acme.test")
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.headers["location"] == second.headers["location"]


@pytest.mark.parametrize("text", ["a\x00b", "a\nb", "\x1b[31m", "\ud800"])
async def test_control_characters_are_refused_and_change_nothing(api: Api, text: str) -> None:
    claim_id = await api.claimed()
    api.acts("admin")
    base = f"/api/domains/tenants/{api.tenant_id}/claims/{claim_id}"
    bodies: list[tuple[str, dict[str, object]]] = [
        ("release", {"reason": text}),
        ("override", {"days": 1, "approved_by": text, "reason": "r"}),
        ("override", {"days": 1, "approved_by": "bo", "reason": text}),
    ]
    for verb, body in bodies:
        content = json.dumps(body).encode()
        headers = {"content-type": "application/json"}
        answer = await api.client.post(f"{base}/{verb}", content=content, headers=headers)
        assert answer.status_code == 422, answer.text
    assert (await api.get(f"/{claim_id}")).json()["claim"]["state"] == "pending"


async def test_a_tenant_that_was_suspended_meanwhile_is_refused(api: Api) -> None:
    claim_id = await api.claimed()
    await api.becomes(status="suspended")
    api.dns.says("acme.test", Outcome.PRESENT)
    for answer in (await api.post(domain="b.test"), await api.post(f"/{claim_id}/check")):
        assert answer.status_code == 403
        assert answer.json()["type"].endswith("tenant_suspended")
    assert (await api.post(f"/{claim_id}/release")).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "content"),
    [
        ("GET", "", b""),
        ("POST", "", b'{"domain": "acme.test"}'),
        ("POST", "", b"{"),
        ("POST", "", b'{"domain": 7}'),
        ("GET", "?limit=x", b""),
        ("GET", "/not-an-id", b""),
        ("POST", "/not-an-id/override", b"["),
    ],
)
async def test_without_an_authoriser_nobody_learns_anything(
    database: DatabaseFactory, method: str, path: str, content: bytes
) -> None:
    dsn = await database("domain-verifier")
    settings = Settings(
        environment="test",
        kafka_bootstrap_servers="127.0.0.1:9",
        database_url=dsn,
        dns_resolvers="127.0.0.1:1,127.0.0.1:2",
    )
    pool = await create_pool(dsn, size=1)
    app = application(settings, make_adapters(settings, pool, OutboxSignal(), SystemClock()))
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://verifier") as client:
        response = await client.request(
            method, f"/api/domains/tenants/{uuid7()}/claims{path}", content=content
        )
    await pool.close()
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
