"""The SCIM surface on a real database, in this process, and tenants that talk to it like Entra."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from types import TracebackType
from typing import Any, Self
from uuid import UUID

import asyncpg
import httpx
import orjson
from asyncpg.connection import LoggedQuery

from chassis.clock import SystemClock
from chassis.ids import uuid7
from chassis.outbox import OutboxSignal
from chassis.projection.tenants import save_tenant
from kernel.tenant import Tenant
from scim import wiring
from scim.settings import Settings
from scim.storage.pool import open_pool
from scim.wiring import ScimSurface, build_surface

ORIGIN = "http://scim.test"
CONTENT_TYPE = "application/scim+json"
USER_URN = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP_URN = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE_URN = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH_URN = "urn:ietf:params:scim:api:messages:2.0:PatchOp"

Json = dict[str, Any]


@dataclass
class Statements:
    """Counts the statements that go to the database."""

    texts: list[str] = field(default_factory=list)

    def note(self, query: LoggedQuery) -> None:
        self.texts.append(query.query)

    def __enter__(self) -> Self:
        self.texts.clear()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None

    @property
    def count(self) -> int:
        """Statements, without BEGIN and COMMIT."""
        return sum(not text.startswith(("BEGIN", "COMMIT")) for text in self.texts)


@dataclass(frozen=True)
class Client:
    """One tenant's provisioning client; checks what RFC 7644 wants of every response."""

    tenant: Tenant
    token: str
    http: httpx.AsyncClient

    @property
    def base(self) -> str:
        return f"/scim/v2/{self.tenant.tenant_id}"

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        content: bytes | None = None,
        **extra: Any,
    ) -> httpx.Response:
        if body is not None:
            content = orjson.dumps(body)
        headers = {"authorization": f"Bearer {self.token}", "content-type": CONTENT_TYPE}
        response = await self.http.request(
            method, self.base + path, content=content, headers=headers, **extra
        )
        check_response(response)
        # asyncpg tells of a statement in the event loop's next turn (Statements).
        await asyncio.sleep(0)
        return response

    async def get(self, path: str, **params: str) -> httpx.Response:
        return await self.call("GET", path, params=params)

    async def find(self, resource: str, wanted: str, **params: str) -> Json:
        response = await self.get(f"/{resource}", filter=wanted, **params)
        assert response.status_code == 200, response.text
        return json(response)

    async def create_user(self, user_name: str, **attributes: Any) -> Json:
        response = await self.call("POST", "/Users", user(user_name, **attributes))
        assert response.status_code == 201, response.text
        return json(response)

    async def create_group(self, display_name: str, *members: str) -> Json:
        response = await self.call("POST", "/Groups", group(display_name, *members))
        assert response.status_code == 201, response.text
        return json(response)

    async def patch(self, path: str, *operations: Json) -> httpx.Response:
        return await self.call("PATCH", path, patch(*operations))

    async def members(self, group_id: str) -> set[str]:
        found = json(await self.get(f"/Groups/{group_id}"))
        return {member["value"] for member in found["members"]}


@dataclass(frozen=True)
class Surface:
    """The SCIM surface, and what a test may look at behind it."""

    scim: ScimSurface
    pool: asyncpg.Pool
    http: httpx.AsyncClient
    settings: Settings
    statements: Statements

    async def tenant(
        self, name: str = "acme", *, package: str = "business", status: str = "active"
    ) -> Client:
        tenant = Tenant(uuid7(), f"{name}-{uuid7().hex[:8]}", package, status)
        return await self.client(tenant)

    async def client(self, tenant: Tenant, lifetime: timedelta = timedelta(days=1)) -> Client:
        async with self.pool.acquire() as connection:
            await save_tenant(connection, tenant, 1)  # type: ignore[arg-type]  # a pool's proxy
        use_cases = wiring.use_cases(self.settings, self.pool, OutboxSignal(), SystemClock())
        created = await use_cases.create_token(tenant, lifetime)
        return Client(tenant, created.secret, self.http)

    def remember_tokens(self) -> None:
        """Stop the time for which tokens are remembered: a cost test counts statements."""
        authenticate = self.scim.background_writer.authenticate
        now = authenticate.monotonic()
        authenticate.monotonic = lambda: now

    async def events(self, tenant_id: UUID) -> list[tuple[str, Json]]:
        rows = await self.pool.fetch(
            "SELECT type, data FROM outbox WHERE tenant_id = $1 ORDER BY id", tenant_id
        )
        return [(row["type"], orjson.loads(row["data"])) for row in rows]

    async def logged(self, tenant_id: UUID) -> list[Mapping[str, Any]]:
        await self.scim.background_writer.provisioning_log.flush()
        rows = await self.pool.fetch(
            "SELECT * FROM provisioning_log WHERE tenant_id = $1 ORDER BY id", tenant_id
        )
        return [dict(row) for row in rows]


@asynccontextmanager
async def open_surface(dsn: str, **overrides: Any) -> AsyncIterator[Surface]:
    """Put the surface on a database."""
    values: dict[str, Any] = {
        "environment": "test",
        "database_url": dsn,
        "kafka_bootstrap_servers": "127.0.0.1:9",
        "public_url": ORIGIN,
        **overrides,
    }
    settings = Settings.model_validate(values)
    pool = await open_pool(dsn, size=8)
    statements = Statements()
    for holder in pool._holders:  # type: ignore[attr-defined]  # no public way to all of them
        holder._con.add_query_logger(statements.note)
    edge = build_surface(settings, pool, OutboxSignal(), SystemClock())
    transport = httpx.ASGITransport(app=edge.app)
    try:
        async with httpx.AsyncClient(transport=transport, base_url=ORIGIN, timeout=60) as http:
            yield Surface(edge, pool, http, settings, statements)
    finally:
        await pool.close()


def check_response(response: httpx.Response) -> None:
    """Check what RFC 7644 wants of every response."""
    if response.status_code == 204:
        assert response.content == b""
        return
    assert response.headers["content-type"] == CONTENT_TYPE
    body = orjson.loads(response.content)
    assert body["schemas"]
    if response.status_code >= 400:
        assert body["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
        assert body["status"] == str(response.status_code)
        assert body["detail"].endswith((".", ")"))


def json(response: httpx.Response) -> Json:
    """Return an response's body."""
    body: Json = orjson.loads(response.content)
    return body


def user(user_name: str, **attributes: Any) -> Json:
    """Return the body of POST /Users as Entra sends it."""
    return {
        "schemas": [USER_URN, ENTERPRISE_URN],
        "externalId": user_name.partition("@")[0],
        "userName": user_name,
        "active": True,
        "displayName": user_name.partition("@")[0].title(),
        "emails": [{"primary": True, "type": "work", "value": user_name}],
        "meta": {"resourceType": "User"},
        "name": {"formatted": "Given Family", "familyName": "Family", "givenName": "Given"},
        "roles": [],
        **attributes,
    }


def group(display_name: str, *members: str) -> Json:
    """Return the body of POST /Groups as Entra sends it."""
    foreign = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"
    body: Json = {
        "schemas": [GROUP_URN, foreign],
        "externalId": f"external-{display_name}",
        "displayName": display_name,
        "meta": {"resourceType": "Group"},
    }
    return body | ({"members": [{"value": member} for member in members]} if members else {})


def patch(*operations: Json) -> Json:
    """Return the body of a PATCH."""
    return {"schemas": [PATCH_URN], "Operations": list(operations)}


def add_members(*ids: str) -> Json:
    """Return Entra's operation that adds members."""
    value = [{"$ref": None, "value": id} for id in ids]
    return {"op": "Add", "path": "members", "value": value}


def remove_members(*ids: str) -> Json:
    """Return Entra's operation that removes members."""
    value = [{"$ref": None, "value": id} for id in ids]
    return {"op": "Remove", "path": "members", "value": value}


def replace(path: str, value: Any) -> Json:
    """Return a verbose replace operation."""
    return {"op": "Replace", "path": path, "value": value}
