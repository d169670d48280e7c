"""Both storages of the SCIM service behind the same ports, and builders."""

import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from chassis.ids import uuid7
from chassis.outbox import OutboxSignal
from chassis.projection.tenants import save_tenant
from conformance.scim.memory import (
    Memory,
    MemoryGroups,
    MemoryLogEntries,
    MemoryTokens,
    MemoryUsers,
)
from kernel.tenant import Tenant
from scim.domain.group import Group
from scim.domain.user import User
from scim.events.outgoing import outgoing
from scim.storage.groups import PostgresGroups
from scim.storage.log_entries import PostgresLogEntries
from scim.storage.tokens import PostgresTokens
from scim.storage.users import PostgresUsers
from scim.usecases.log_entry import LogEntry
from scim.usecases.ports import Groups, LogEntries, Tokens, Users

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
Events = list[tuple[str, dict[str, Any]]]


@dataclass
class Storage:
    """One storage, and a look at what it announced."""

    users: Users
    groups: Groups
    tokens: Tokens
    entries: LogEntries
    events: Callable[[UUID], Awaitable[Events]]
    keep_tenant: Callable[[Tenant], Awaitable[None]]


def memory_storage() -> Storage:
    memory = Memory(outgoing)

    async def events(tenant_id: UUID) -> Events:
        return [(kind, data) for tenant, kind, data in memory.events if tenant == tenant_id]

    async def keep(tenant: Tenant) -> None:
        memory.tenants[tenant.tenant_id] = tenant

    return Storage(
        MemoryUsers(memory),
        MemoryGroups(memory),
        MemoryTokens(memory),
        MemoryLogEntries(memory),
        events,
        keep,
    )


def postgres_storage(pool: asyncpg.Pool) -> Storage:
    versions = itertools.count(1)

    async def events(tenant_id: UUID) -> Events:
        rows = await pool.fetch(
            "SELECT type, data FROM outbox WHERE tenant_id = $1 ORDER BY id", tenant_id
        )
        return [(row["type"], orjson.loads(row["data"])) for row in rows]

    async def keep(tenant: Tenant) -> None:
        async with pool.acquire() as connection:
            await save_tenant(connection, tenant, next(versions))  # type: ignore[arg-type]  # a pool's proxy

    signal = OutboxSignal()
    return Storage(
        PostgresUsers(pool, signal, outgoing),
        PostgresGroups(pool, signal, outgoing),
        PostgresTokens(pool),
        PostgresLogEntries(pool),
        events,
        keep,
    )


def log_entry(
    tenant_id: UUID, operation: str = "test", *, status: int = 200, age: int = 0
) -> LogEntry:
    at = NOW - timedelta(seconds=age)
    made = uuid7().int & ((1 << 80) - 1)
    return LogEntry(
        tenant_id=tenant_id,
        id=UUID(int=int(at.timestamp() * 1000) << 80 | made),
        occurred_at=at,
        endpoint=operation,
        resource_type="User",
        status=status,
    )


def user(user_name: str, **attributes: Any) -> User:
    return User.from_document({"userName": user_name, "active": True, **attributes}, id=uuid7())


def group(display_name: str, external_id: str | None = None) -> Group:
    return Group(uuid7(), 1, display_name, external_id)
