"""Waits until the directory holds what "Entra" holds, and reads both sides to prove it."""

import asyncio
import json
import time
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import asyncpg

from entra_sandbox.compare import Comparison, Snapshot, compare, directory_snapshot, entra_snapshot
from entra_sandbox.dialect import Dialect
from entra_sandbox.source import Entra
from entra_sandbox.stack import Stack, Tenant

PAUSE = 0.25


async def caught_up(
    stack: Stack, tenant: Tenant, entra: Entra, dialect: Dialect, *, within: float
) -> Comparison:
    """Return the comparison as soon as both sides are equal, or the last one at the deadline."""
    wanted = entra_snapshot(entra, dialect)
    deadline = time.monotonic() + within
    while True:
        comparison = compare(wanted, await read_directory(stack, tenant))
        if comparison.equal or time.monotonic() > deadline:
            return comparison
        await asyncio.sleep(PAUSE)


async def read_directory(stack: Stack, tenant: Tenant) -> Snapshot:
    """Read users and groups by the directory's own commands, their attributes from its table."""
    users, groups = await asyncio.gather(
        asyncio.to_thread(stack.directory, "user", "list", "--tenant", tenant.tenant_id),
        asyncio.to_thread(
            stack.directory, "group", "list", "--tenant", tenant.tenant_id, "--members"
        ),
    )
    attributes = await _attributes(stack.directory_dsn, tenant.tenant_id)
    # A user that came in between the two looks is compared at the next one.
    known = [user for user in users if user["id"] in attributes]
    return directory_snapshot(known, groups, attributes)


async def _attributes(dsn: str, tenant_id: str) -> dict[str, Mapping[str, Any]]:
    read_only = {"default_transaction_read_only": "on"}
    connection = await asyncpg.connect(dsn, timeout=10, server_settings=read_only)
    try:
        query = "SELECT id, attributes FROM users WHERE tenant_id = $1"
        rows = await connection.fetch(query, UUID(tenant_id), timeout=20)
    finally:
        await connection.close()
    return {str(row["id"]): json.loads(row["attributes"]) for row in rows}
