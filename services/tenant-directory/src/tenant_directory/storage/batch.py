"""Many events as one piece of work: read in sets, decided on in memory, written in sets.

However many events there are, they take a handful of statements. Users, groups and memberships are
written as the last event leaves them; the audit log and the outbox get every step.
"""

from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeVar
from uuid import UUID

import asyncpg

from chassis.clock import Clock
from chassis.database import read_queries
from tenant_directory.domain.group import Group
from tenant_directory.domain.user import Origin, User
from tenant_directory.storage.batch_state import (
    BatchGroups,
    BatchTenants,
    BatchUsers,
    Membership,
    Memberships,
)
from tenant_directory.storage.change_log import Outgoing, PendingChanges
from tenant_directory.storage.rows import group_values, to_group, to_tenant, to_user, user_values
from tenant_directory.usecases.ports import ConcurrentChangeError, Key, Touched

QUERIES = read_queries("tenant_directory.storage", "batch")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class BatchUnitOfWork:
    """What the events of a batch work on."""

    tenants: BatchTenants
    users: BatchUsers
    groups: BatchGroups
    change_log: PendingChanges
    memberships: Memberships


@asynccontextmanager
async def open_batch(
    connection: asyncpg.Connection, touched: Touched, *, clock: Clock, outgoing: Outgoing
) -> AsyncIterator[BatchUnitOfWork]:
    """Read what events touch; write what became of it unless the block fails."""
    work = await _read(connection, touched, PendingChanges(clock, outgoing))
    yield work
    await _write(connection, work)


async def _read(
    connection: asyncpg.Connection, touched: Touched, pending: PendingChanges
) -> BatchUnitOfWork:
    rows = await connection.fetch(*QUERIES["find_tenants"](tenant_ids=list(touched.tenants)))
    tenants = {row["tenant_id"]: to_tenant(row) for row in rows}
    users = await _find_users(connection, touched)
    replaceable = _replaceable(users, touched)
    if replaceable:
        # The one who gets such a name also gets the groups: all of both users' are needed.
        touched = replace(touched, leaving=touched.leaving | replaceable | touched.users)
    memberships = await _find_memberships(connection, touched)
    if replaceable:
        their_groups = {each[:2] for each in memberships if (each[0], each[2]) in replaceable}
        touched = replace(touched, groups=touched.groups | their_groups)
    members = {(tenant_id, user_id) for tenant_id, _, user_id in touched.members} - users.keys()
    existing = await _find_user_ids(connection, members)
    groups = await _find_groups(connection, touched.groups)
    known = Memberships(memberships, [*users, *existing])
    batch_tenants = BatchTenants(touched, tenants)
    return BatchUnitOfWork(
        batch_tenants,
        BatchUsers(touched, batch_tenants, users.values(), known),
        BatchGroups(touched, batch_tenants, groups, known),
        pending,
        known,
    )


def _replaceable(users: Mapping[Key, User], touched: Touched) -> set[Key]:
    """Return the manual users whose names the identity provider gives to users of its own."""
    return {
        key
        for key, user in users.items()
        if user.origin is Origin.MANUAL and (user.tenant_id, user.name_key) in touched.names
    }


async def _find_users(connection: asyncpg.Connection, touched: Touched) -> dict[Key, User]:
    if not touched.users:
        return {}
    tenant_ids, user_ids = _columns(sorted(touched.users), 2)
    name_tenant_ids, name_keys = _columns(sorted(touched.names), 2)
    query = QUERIES["find_users"](
        tenant_ids=tenant_ids,
        user_ids=user_ids,
        name_tenant_ids=name_tenant_ids,
        name_keys=name_keys,
    )
    rows = await connection.fetch(*query)
    return {(row["tenant_id"], row["id"]): to_user(row) for row in rows}


async def _find_user_ids(connection: asyncpg.Connection, users: Collection[Key]) -> list[Key]:
    if not users:
        return []
    tenant_ids, user_ids = _columns(users, 2)
    query = QUERIES["find_user_ids"](tenant_ids=tenant_ids, user_ids=user_ids)
    return [(row["tenant_id"], row["id"]) for row in await connection.fetch(*query)]


async def _find_groups(connection: asyncpg.Connection, groups: Collection[Key]) -> list[Group]:
    if not groups:
        return []
    tenant_ids, group_ids = _columns(sorted(groups), 2)
    query = QUERIES["find_groups"](tenant_ids=tenant_ids, group_ids=group_ids)
    return [to_group(row) for row in await connection.fetch(*query)]


async def _find_memberships(connection: asyncpg.Connection, touched: Touched) -> set[Membership]:
    if not touched.members and not touched.leaving:
        return set()
    tenant_ids, group_ids, user_ids = _columns(touched.members, 3)
    leaving_tenant_ids, leaving_ids = _columns(touched.leaving, 2)
    query = QUERIES["find_memberships"](
        tenant_ids=tenant_ids,
        group_ids=group_ids,
        user_ids=user_ids,
        leaving_tenant_ids=leaving_tenant_ids,
        leaving_ids=leaving_ids,
    )
    rows = await connection.fetch(*query)
    return {(row["tenant_id"], row["group_id"], row["user_id"]) for row in rows}


async def _write(connection: asyncpg.Connection, work: BatchUnitOfWork) -> None:
    """Write so that nothing stands in the way of what comes later."""
    users, groups = work.users, work.groups
    await _execute_on(connection, "remove_users", users.removed)
    await _execute_on(connection, "remove_groups", groups.removed)
    await _execute_on(connection, "free_names", users.renamed())
    try:
        await _save(connection, "save_users", users.saved.values(), user_values)
    except asyncpg.UniqueViolationError as error:
        raise ConcurrentChangeError("the name of a user of the batch was just taken") from error
    await _save(connection, "save_groups", groups.saved.values(), group_values)
    joined, left = work.memberships.changes()
    await _execute_memberships(connection, "remove_memberships", left)
    await _execute_memberships(connection, "add_memberships", joined)
    await work.change_log.write(connection)


async def _execute_on(connection: asyncpg.Connection, query: str, keys: Collection[Key]) -> None:
    if keys:
        tenant_ids, ids = _columns(sorted(keys), 2)
        await connection.execute(*QUERIES[query](tenant_ids=tenant_ids, ids=ids))


async def _save(
    connection: asyncpg.Connection,
    query: str,
    saved: Collection[T],
    values_of: Callable[[T], dict[str, Any]],
) -> None:
    if saved:
        rows = [values_of(each) for each in saved]
        columns = {name: [row[name] for row in rows] for name in rows[0]}
        await connection.execute(*QUERIES[query](**columns))


async def _execute_memberships(
    connection: asyncpg.Connection, query: str, memberships: Collection[Membership]
) -> None:
    if memberships:
        tenant_ids, group_ids, user_ids = _columns(sorted(memberships), 3)
        await connection.execute(
            *QUERIES[query](tenant_ids=tenant_ids, group_ids=group_ids, user_ids=user_ids)
        )


def _columns(rows: Iterable[tuple[UUID | str, ...]], width: int) -> list[list[UUID | str]]:
    """Return rows as columns, which are there even if no row is."""
    columns = [list(column) for column in zip(*rows, strict=True)]
    return columns or [[] for _ in range(width)]
