"""Many events as sets leave the directory exactly as the same events one by one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chassis import context
from chassis.database import create_pool, transaction
from chassis.ids import uuid7
from conformance.tenant_directory.harness import ACTOR
from contracts import scim
from contracts.base import Contract
from contracts.event import Event
from contracts.registry import EVENT_TYPES
from kernel.errors import ConflictError, NotFoundError
from kernel.tenant import Package
from support.databases import DatabaseFactory
from tenant_directory.domain.tenant import Role
from tenant_directory.domain.user import Profile, RoleGiver, User
from tenant_directory.events.outgoing import outgoing
from tenant_directory.storage.unit_of_work import PostgresUnitsOfWork
from tenant_directory.usecases.tenants import CreateTenant
from tenant_directory.wiring import event_subscriptions

TYPE_OF = {event_type.model: name for name, event_type in EVENT_TYPES.items()}
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
USERS = [UUID(int=number) for number in range(1, 5)]
MANUAL = [UUID(int=number) for number in range(11, 13)]
GROUPS = [UUID(int=number) for number in range(101, 104)]
NAMES = ["ada@acme.test", "Ada@Acme.test", "bob@acme.test", "cy@acme.test", "dée@acme.test"]

users = st.sampled_from(USERS)
groups = st.sampled_from(GROUPS)
versions = st.integers(1, 6)
names = st.sampled_from(NAMES)
# Adoption removes the user of that id: it is rarely named afterwards.
members = st.lists(st.sampled_from([*USERS, *USERS, *MANUAL]), max_size=3)
scim_users = st.builds(
    scim.ScimUser,
    user_id=users,
    version=versions,
    user_name=names,
    active=st.booleans(),
    soft_deleted=st.sampled_from([False, False, False, True]),
    display_name=st.sampled_from([None, "Ada"]),
    email=names,
    attributes=st.sampled_from([{}, {"title": "Countess"}]),
)
scim_groups = st.builds(
    scim.ScimGroup,
    group_id=groups,
    version=versions,
    display_name=st.sampled_from(["Sales", "Sales EU"]),
)
changes = st.one_of(
    st.builds(scim.ScimUserCreated, user=scim_users),
    st.builds(scim.ScimUserUpdated, user=scim_users),
    st.builds(scim.ScimUserUpdated, user=scim_users),
    st.builds(scim.ScimUserDeleted, user_id=users, user_name=names),
    st.builds(scim.ScimGroupCreated, group=scim_groups),
    st.builds(scim.ScimGroupUpdated, group=scim_groups),
    st.builds(scim.ScimGroupDeleted, group_id=groups, display_name=st.just("Sales")),
    st.builds(scim.ScimGroupMembersChanged, group_id=groups, added=members, removed=members),
    st.builds(scim.ScimGroupMembersChanged, group_id=groups, added=members),
)
# Of two tenants, so that a batch holds both.
stories = st.lists(st.tuples(st.integers(0, 1), changes), min_size=2, max_size=30)
sizes = st.lists(st.integers(1, 12), min_size=1, max_size=30)


@dataclass
class StoryClock:
    """Stands still while an event is handled."""

    moment: datetime = NOON

    def now(self) -> datetime:
        return self.moment


@dataclass
class Way:
    """Tenants of one way to apply the same story."""

    pool: asyncpg.Pool
    clock: StoryClock = field(default_factory=StoryClock)
    tenants: list[UUID] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)
    split: int = 0

    def __post_init__(self) -> None:
        self.units_of_work = PostgresUnitsOfWork(self.clock, outgoing)
        self.subscription, _ = event_subscriptions(self.clock)

    async def prepare(self) -> None:
        """Make two tenants, each with a group and a manual user or two in it."""
        uow = self.units_of_work.on_pool(self.pool, committed=lambda: None)
        for number in range(2):
            create = CreateTenant(uow, self.clock)
            tenant = await create(
                f"t{uuid7().hex}", package=Package.BUSINESS, default_role=Role.MEMBER, actor=ACTOR
            )
            self.tenants.append(tenant.tenant_id)
            group = scim.ScimGroup(group_id=GROUPS[0], version=1, display_name="Sales")
            await self.one_by_one([(-2, number, scim.ScimGroupCreated(group=group))])
            for user_id, name in zip(MANUAL, NAMES[1:3], strict=True):
                user = User.manual(
                    tenant.tenant_id,
                    user_id,
                    name=name,
                    role=Role.TENANT_ADMIN,
                    role_given_by=RoleGiver.ADMIN,
                    profile=Profile(email=name),
                    now=NOON,
                )
                async with uow() as work:
                    assert await work.users.add(user)
            joined = scim.ScimGroupMembersChanged(group_id=GROUPS[0], added=MANUAL)
            await self.one_by_one([(-1, number, joined)])

    def event(self, number: int, tenant: int, data: Contract) -> Event:
        return Event(
            id=uuid7(),
            type=TYPE_OF[type(data)],
            source="/services/scim",
            subject=str(number),
            time=NOON,
            tenant_id=self.tenants[tenant],
            data=data,
            correlation_id=f"c{number}",
        )

    async def handle(
        self, event: Event, connection: asyncpg.Connection, handlers: Mapping[str, Any]
    ) -> None:
        self.clock.moment = NOON + timedelta(seconds=int(event.subject))
        assert event.correlation_id is not None
        with context.bind(context.Context(event.correlation_id, str(event.tenant_id))):
            await handlers[event.type](event, connection)

    async def one_by_one(self, story: Sequence[tuple[int, int, Contract]]) -> None:
        for number, tenant, data in story:
            event = self.event(number, tenant, data)
            try:
                async with transaction(self.pool) as connection:
                    await self.handle(event, connection, self.subscription.handlers)
            except (NotFoundError, ConflictError):
                self.refused.append(number)

    async def as_batch(self, story: Sequence[tuple[int, int, Contract]]) -> None:
        """Apply as sets, or one by one if that fails, as the consumer does."""
        events = [self.event(*each) for each in story]
        assert self.subscription.batch is not None
        try:
            async with (
                transaction(self.pool) as connection,
                self.subscription.batch(events, connection) as handlers,
            ):
                for event in events:
                    await self.handle(event, connection, handlers)
        except (NotFoundError, ConflictError):
            self.split += 1
            await self.one_by_one(story)

    async def tables(self) -> dict[str, list[Any]]:
        """Return everything that the story has written, without the tenants' ids."""
        return {
            table: [
                [_plain(dict(row)) for row in await self.pool.fetch(query, tenant_id)]
                for tenant_id in self.tenants
            ]
            for table, query in TABLES.items()
        }


TABLES = {
    "users": "SELECT * FROM users WHERE tenant_id = $1 ORDER BY id",
    "groups": "SELECT * FROM groups WHERE tenant_id = $1 ORDER BY id",
    "memberships": "SELECT * FROM memberships WHERE tenant_id = $1 ORDER BY group_id, user_id",
    "audit_log": "SELECT * FROM audit_log WHERE tenant_id = $1 AND subject <> $1::text ORDER BY id",
    "outbox": "SELECT * FROM outbox WHERE tenant_id = $1 AND subject <> $1::text ORDER BY id",
}


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    if row.get("data") is not None:
        row["data"] = orjson.loads(row["data"])
        for name in {"added", "removed"} & row["data"].keys():
            row["data"][name].sort()
    made_up = ("tenant_id", "event_id", "bucket") + (
        ("id",) if "at" in row or "topic" in row else ()
    )
    return {name: value for name, value in row.items() if name not in made_up}


async def compare(
    dsn: str, story: Sequence[tuple[int, Contract]], batch_sizes: Sequence[int]
) -> tuple[Way, dict[str, list[Any]]]:
    """Apply a story both ways and compare all that was written."""
    pool = await create_pool(dsn, size=1)
    try:
        single, batched = Way(pool), Way(pool)
        await single.prepare()
        await batched.prepare()
        numbered = [(number, *each) for number, each in enumerate(story)]
        await single.one_by_one(numbered)
        rest = iter(numbered)
        for size in [*batch_sizes, len(story)]:
            if part := list(islice(rest, size)):
                await batched.as_batch(part)
        tables = await batched.tables()
        assert tables == await single.tables()
        assert batched.refused == single.refused
        return batched, tables
    finally:
        await pool.close()


@pytest.fixture
async def dsn(database: DatabaseFactory) -> str:
    return await database("tenant-directory")


@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(story=stories, batch_sizes=sizes)
async def test_any_story_ends_the_same_in_batches(
    dsn: str, story: list[tuple[int, Contract]], batch_sizes: list[int]
) -> None:
    await compare(dsn, story, batch_sizes)


def _user(user_id: UUID, version: int, name: str, **fields: Any) -> scim.ScimUserUpdated:
    user = scim.ScimUser(user_id=user_id, version=version, user_name=name, active=True, **fields)
    return scim.ScimUserUpdated(user=user)


async def test_two_users_swap_their_names_within_one_batch(dsn: str) -> None:
    ada, cy = USERS[:2]
    story = [
        (0, _user(ada, 1, "x@acme.test")),
        (0, _user(cy, 1, "y@acme.test")),
        (0, _user(ada, 2, "z@acme.test")),
        (0, _user(cy, 2, "x@acme.test")),
        (0, _user(ada, 3, "y@acme.test")),
    ]
    way, tables = await compare(dsn, story, [2, 3])
    assert way.split == 0
    rows = tables["users"][0][-2:] + tables["users"][0][:2]
    found = {row["id"]: row["user_name"] for row in rows}
    assert (found[ada], found[cy]) == ("y@acme.test", "x@acme.test")


async def test_a_manual_user_adopted_within_a_batch_hands_over_its_groups(dsn: str) -> None:
    story = [
        (0, _user(USERS[0], 1, NAMES[0])),
        (
            0,
            scim.ScimGroupMembersChanged(group_id=GROUPS[0], added=[USERS[0]], removed=[MANUAL[1]]),
        ),
        (1, _user(USERS[1], 1, NAMES[2])),
    ]
    way, tables = await compare(dsn, story, [3])
    assert way.split == 0
    assert [row["user_id"] for row in tables["memberships"][0]] == [USERS[0]]
    assert [row["user_id"] for row in tables["memberships"][1]] == [USERS[1], MANUAL[0]]


async def test_a_user_and_a_group_that_come_back_within_a_batch_are_in_no_group(dsn: str) -> None:
    [ada], [sales] = USERS[:1], GROUPS[:1]
    group = scim.ScimGroup(group_id=sales, version=2, display_name="Sales")
    story = [
        (0, _user(ada, 1, "x@acme.test")),
        (0, scim.ScimGroupMembersChanged(group_id=sales, added=[ada])),
        (1, _user(ada, 1, "x@acme.test")),
        (1, scim.ScimGroupMembersChanged(group_id=sales, added=[ada])),
        # From here on in one batch.
        (0, scim.ScimGroupMembersChanged(group_id=sales, removed=[ada])),
        (0, scim.ScimUserDeleted(user_id=ada, user_name="x@acme.test")),
        (0, _user(ada, 1, "x@acme.test")),
        (0, scim.ScimGroupMembersChanged(group_id=sales, added=[ada])),
        (1, scim.ScimGroupDeleted(group_id=sales, display_name="Sales")),
        (1, scim.ScimGroupCreated(group=group)),
    ]
    way, tables = await compare(dsn, story, [4, 6])
    assert way.split == 0
    assert ada in [row["user_id"] for row in tables["memberships"][0]]
    assert tables["memberships"][1] == []


async def test_a_batch_takes_as_many_statements_as_two_events(dsn: str) -> None:
    pool = await create_pool(dsn, size=1)
    try:
        way = Way(pool)
        await way.prepare()
        story = [
            (number, number % 2, _user(UUID(int=1000 + number), 1, f"u{number}@acme.test"))
            for number in range(100)
        ]
        statements: list[str] = []
        async with pool.acquire() as connection:
            with connection.query_logger(lambda record: statements.append(record.query)):
                events = [way.event(*each) for each in story]
                assert way.subscription.batch is not None
                async with (
                    connection.transaction(),
                    way.subscription.batch(events, connection) as handlers,  # type: ignore[arg-type]  # a pool's proxy
                ):
                    for event in events:
                        await way.handle(event, connection, handlers)  # type: ignore[arg-type]  # a pool's proxy
        assert len([each for each in statements if "tenant_id" in each]) == 4
    finally:
        await pool.close()
