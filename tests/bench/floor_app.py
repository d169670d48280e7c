"""The floor: a bare ASGI route that does the same reads and INSERTs, and nothing else.

No token, no validation, no log line, no metrics. What the service costs above it is the price of
being a service.
"""

import os
import re
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import unquote_plus

import asyncpg
import orjson
from asyncpg.pool import PoolConnectionProxy

from chassis.ids import uuid7

TABLES = """
CREATE SCHEMA IF NOT EXISTS bench_floor;
SET search_path = bench_floor;
CREATE TABLE users (
    tenant_id uuid, id uuid, user_name_key text, document bytea, version bigint DEFAULT 1,
    PRIMARY KEY (tenant_id, id), UNIQUE (tenant_id, user_name_key));
CREATE TABLE groups (
    tenant_id uuid, id uuid, name_key text, version bigint DEFAULT 1,
    PRIMARY KEY (tenant_id, id), UNIQUE (tenant_id, name_key));
CREATE TABLE members (
    tenant_id uuid, group_id uuid, user_id uuid, PRIMARY KEY (tenant_id, group_id, user_id));
CREATE TABLE outbox (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, tenant_id uuid,
    subject uuid, data bytea);
CREATE TABLE log (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, tenant_id uuid,
    operation text, status int);
"""
_NOTE = """
, o AS (INSERT INTO outbox (tenant_id, subject, data) SELECT $1::uuid, $2::uuid, $3 RETURNING 1)
, l AS (INSERT INTO log (tenant_id, operation, status) SELECT $1::uuid, 'write', 200 RETURNING 1)
SELECT (SELECT count(*) FROM o) + (SELECT count(*) FROM l)
"""
ADD_USER = (
    "WITH w AS (INSERT INTO users (tenant_id, id, user_name_key, document)"
    " VALUES ($1, $2, $4, $3) RETURNING 1)" + _NOTE
)
CHANGE_USER = (
    "WITH w AS (UPDATE users SET document = $3, version = version + 1"
    " WHERE tenant_id = $1 AND id = $2 RETURNING 1)" + _NOTE
)
ADD_GROUP = (
    "WITH w AS (INSERT INTO groups (tenant_id, id, name_key) VALUES ($1, $2, $4) RETURNING 1)"
    + _NOTE
)
ADD_MEMBERS = (
    "WITH w AS (INSERT INTO members (tenant_id, group_id, user_id) SELECT $1::uuid, $2::uuid,"
    " unnest($4::uuid[]) ON CONFLICT DO NOTHING RETURNING 1),"
    " v AS (UPDATE groups SET version = version + 1 WHERE tenant_id = $1 AND id = $2)" + _NOTE
)
DROP_MEMBERS = "DELETE FROM members WHERE tenant_id = $1 AND group_id = $2"
ONE = "SELECT document FROM users WHERE tenant_id = $1 AND id = $2"
NAMED = "SELECT document FROM users WHERE tenant_id = $1 AND user_name_key = $2"
PAGE = "SELECT document FROM users WHERE tenant_id = $1 ORDER BY id LIMIT 100"

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Connection = asyncpg.Connection | PoolConnectionProxy
TENANT = uuid7()


class Floor:
    """Routes by hand."""

    def __init__(self) -> None:
        self._pool: asyncpg.Pool | None = None

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        body = (await receive()).get("body", b"")
        if self._pool is None:
            raise RuntimeError("not started")
        async with self._pool.acquire() as connection:
            status, answer = await self._route(connection, scope, body)
        length = (b"content-length", str(len(answer)).encode())
        headers = [(b"content-type", b"application/scim+json"), length]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    async def _route(
        self, connection: Connection, scope: dict[str, Any], body: bytes
    ) -> tuple[int, bytes]:
        method, path = scope["method"], scope["path"]
        kind, _, key = path[1:].partition("/")
        if method == "GET":
            return 200, await self._read(connection, key, scope["query_string"])
        if method == "POST":
            return await self._create(connection, kind, body)
        if kind == "Users":
            await connection.fetchval(CHANGE_USER, TENANT, key, body)
            return 200, body
        return await self._change_group(connection, key, body)

    async def _create(self, connection: Connection, kind: str, body: bytes) -> tuple[int, bytes]:
        document, key = orjson.loads(body), uuid7()
        document["id"] = str(key)
        served = orjson.dumps(document)
        name = document["userName" if kind == "Users" else "displayName"].lower()
        statement = ADD_USER if kind == "Users" else ADD_GROUP
        await connection.fetchval(statement, TENANT, key, served, name)
        return 201, served

    async def _change_group(
        self, connection: Connection, key: str, body: bytes
    ) -> tuple[int, bytes]:
        operation = orjson.loads(body)["Operations"][0]
        if operation["op"].lower() == "remove":
            await connection.execute(DROP_MEMBERS, TENANT, key)
            return 204, b""
        members = [member["value"] for member in operation["value"]]
        await connection.fetchval(ADD_MEMBERS, TENANT, key, body, members)
        return 204, b""

    async def _read(self, connection: Connection, key: str, query: bytes) -> bytes:
        if key:
            document: bytes = await connection.fetchval(ONE, TENANT, key)
            return document
        named = re.search('eq "(.*)"', unquote_plus(query.decode()))
        if named:
            rows = await connection.fetch(NAMED, TENANT, named[1].lower())
        else:
            rows = await connection.fetch(PAGE, TENANT)
        documents = b",".join(row[0] for row in rows)
        return b'{"totalResults":%d,"Resources":[%s]}' % (len(rows), documents)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        self._pool = await asyncpg.create_pool(
            os.environ["FLOOR_DSN"],
            min_size=10,
            max_size=10,
            reset=_keep,
            server_settings={"search_path": "bench_floor", "jit": "off"},
        )
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._pool.close()
        await send({"type": "lifespan.shutdown.complete"})


async def _keep(connection: Connection) -> None:
    """Keep the session as it is: four statements less per request."""


app = Floor()
