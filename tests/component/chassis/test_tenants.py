"""The copy of the directory's tenants: on PostgreSQL, behind the consumer that services have."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from uuid import UUID

import asyncpg
import pytest
from structlog.testing import capture_logs

from chassis.database import create_pool
from chassis.ids import uuid7
from chassis.inbox import Consumer
from chassis.inbox.attempts import Retries
from chassis.projection import KnownTenants, tenant_subscription
from chassis.testing import LocalBroker
from contracts.event import Event
from contracts.topics import DIRECTORY_TENANTS
from kernel.errors import ConflictError
from kernel.tenant import Tenant
from support.bus import running
from support.databases import DatabaseFactory
from support.directory import record_of, tenant_event, tenant_state
from support.waiting import eventually


@dataclass
class Copy:
    """A service that keeps the copy, and the topic that it reads."""

    pool: asyncpg.Pool
    broker: LocalBroker = field(default_factory=LocalBroker)
    group: str = "service"
    removed: list[UUID] = field(default_factory=list)
    saved: list[str] = field(default_factory=list)
    refuses_removal: bool = False

    @property
    def tenants(self) -> KnownTenants:
        return KnownTenants(self.pool)

    async def hear(self, *events: Event) -> None:
        """Send events, and run the consumer until it has dealt with them."""
        async with running(self._consumer().run):
            for event in events:
                assert self.broker.append(record_of(event)) is None
            await eventually(self._has_read_all)

    async def hear_again(self, group: str) -> None:
        """Read the whole topic as a consumer group that has never read it."""
        self.group = group
        async with running(self._consumer().run):
            await eventually(self._has_read_all)

    async def forget_what_was_applied(self) -> None:
        """Leave the copy alone to know which state is newer."""
        await self.pool.execute("DELETE FROM inbox_versions")

    async def parked(self) -> list[tuple[str, str]]:
        rows = await self.pool.fetch("SELECT reason, error FROM parked_events ORDER BY id")
        return [(row["reason"], row["error"]) for row in rows]

    def _consumer(self) -> Consumer:
        return Consumer(
            group=self.group,
            subscriptions=[tenant_subscription(self._before_removal, self._after_saving)],
            pool=self.pool,
            bootstrap="",
            receiver=lambda: self.broker.receiver(self.group, [DIRECTORY_TENANTS.name]),
            retries=Retries(attempts=2, pause=0.01),
        )

    async def _before_removal(self, connection: asyncpg.Connection, tenant_id: UUID) -> None:
        assert await KnownTenants(connection).find(tenant_id), "it is there until this has ended"
        if self.refuses_removal:
            raise RuntimeError("as asked")
        self.removed.append(tenant_id)

    async def _after_saving(self, connection: asyncpg.Connection, tenant: Tenant) -> None:
        assert await KnownTenants(connection).find(tenant.tenant_id) == tenant
        self.saved.append(tenant.package)

    async def _has_read_all(self) -> bool:
        read = await self.pool.fetchval(
            "SELECT sum(next_offset) FROM consumer_offsets WHERE consumer_group = $1", self.group
        )
        return int(read or 0) == len(self.broker.records(DIRECTORY_TENANTS.name))


@pytest.fixture
async def copy(database: DatabaseFactory) -> AsyncIterator[Copy]:
    pool = await create_pool(await database("projections"), size=4)
    yield Copy(pool)
    pool.terminate()


def state(tenant_id: UUID, version: int, name: str = "acme", package: str = "business") -> Event:
    return tenant_event(
        tenant_id,
        version,
        tenant_state(name, tenant_id=tenant_id, version=version, package=package),
    )


def tombstone(tenant_id: UUID, version: int) -> Event:
    return tenant_event(tenant_id, version, None)


async def test_a_tenant_comes_changes_and_goes(copy: Copy) -> None:
    acme = uuid7()
    await copy.hear(state(acme, 1), state(acme, 2, "acme-gmbh", "free"))

    known = Tenant(acme, "acme-gmbh", "free", "active")
    assert await copy.tenants.find(acme) == known
    assert await copy.tenants.find_named("ACME-gmbh") == known
    assert await copy.tenants.find_named("acme") is None
    assert await copy.tenants.find(uuid7()) is None

    await copy.hear(tombstone(acme, 3))

    assert await copy.tenants.find(acme) is None
    assert copy.removed == [acme]


async def test_an_older_state_never_overwrites_a_newer_one(copy: Copy) -> None:
    acme = uuid7()
    await copy.hear(state(acme, 5, "new"))
    await copy.forget_what_was_applied()

    await copy.hear(state(acme, 4, "old"), state(acme, 5, "twice"))

    assert await copy.tenants.find_named("new") is not None
    assert await copy.parked() == []


async def test_a_service_hears_of_each_state_that_is_kept_and_of_no_other(copy: Copy) -> None:
    tenant_id = uuid7()
    await copy.hear(state(tenant_id, 3))
    await copy.forget_what_was_applied()
    await copy.hear(state(tenant_id, 2, package="smb"), state(tenant_id, 4, package="free"))
    assert copy.saved == ["business", "free"]


async def test_a_deletion_that_is_older_than_what_is_known_deletes_nothing(copy: Copy) -> None:
    acme = uuid7()
    await copy.hear(state(acme, 5))
    await copy.forget_what_was_applied()

    await copy.hear(tombstone(acme, 4))

    assert await copy.tenants.find(acme) is not None
    assert copy.removed == []


async def test_a_version_in_the_data_never_outlives_that_of_the_envelope(copy: Copy) -> None:
    acme = uuid7()
    await copy.hear(state(acme, 4))
    wrong = tenant_event(acme, 5, tenant_state("acme", tenant_id=acme, version=100))

    await copy.hear(wrong)

    assert [reason for reason, _ in await copy.parked()] == ["rejected"]

    await copy.hear(state(acme, 6, package="free"))
    assert await copy.tenants.find(acme) == Tenant(acme, "acme", "free", "active")
    assert await copy.parked() == []

    await copy.hear(tombstone(acme, 7))
    assert await copy.tenants.find(acme) is None
    assert copy.removed == [acme]


@pytest.mark.parametrize("deleted", [False, True])
async def test_the_log_names_what_was_skipped(copy: Copy, deleted: bool) -> None:
    acme = uuid7()
    await copy.hear(state(acme, 5))
    await copy.forget_what_was_applied()

    with capture_logs() as logs:
        await copy.hear(tombstone(acme, 4) if deleted else state(acme, 4))

    skipped = [entry for entry in logs if entry["event"] == "tenant.state_skipped"]
    assert [(entry["tenant_id"], entry["version"]) for entry in skipped] == [(str(acme), 4)]


async def test_an_older_state_does_not_bring_a_deleted_tenant_back(copy: Copy) -> None:
    acme = uuid7()
    await copy.hear(state(acme, 1), tombstone(acme, 3))

    await copy.hear(state(acme, 2))

    assert await copy.tenants.find(acme) is None


async def test_a_service_that_cannot_let_a_tenant_go_keeps_it_until_it_can(copy: Copy) -> None:
    acme = uuid7()
    copy.refuses_removal = True
    await copy.hear(state(acme, 1), tombstone(acme, 2))

    assert await copy.tenants.find(acme) is not None
    assert [reason for reason, _ in await copy.parked()] == ["failed"]


async def test_a_name_that_passed_on_is_nobodys_until_both_states_are_there(copy: Copy) -> None:
    first, second = sorted([uuid7(), uuid7()])
    await copy.hear(state(first, 1))
    await copy.hear(state(second, 1))

    with pytest.raises(ConflictError, match=f"its id, {first} or {second}") as refusal:
        await copy.tenants.find_named("Acme")
    assert refusal.value.slug == "tenant-name-ambiguous"

    await copy.hear(tombstone(first, 2))
    assert await copy.tenants.find_named("acme") == Tenant(second, "acme", "business", "active")


async def test_swapped_names_are_told_apart_once_both_states_are_there(copy: Copy) -> None:
    left, right = uuid7(), uuid7()
    await copy.hear(state(left, 1, "left"), state(right, 1, "right"))

    await copy.hear(state(left, 2, "right"))
    with pytest.raises(ConflictError):
        await copy.tenants.find_named("right")
    assert await copy.tenants.find_named("left") is None

    await copy.hear(state(right, 2, "left"))
    swapped = [await copy.tenants.find_named(name) for name in ("left", "right")]
    assert [tenant.tenant_id for tenant in swapped if tenant] == [
        right,
        left,
    ]


@pytest.mark.parametrize("deleted", [False, True])
async def test_a_state_speaks_only_of_the_tenant_that_its_envelope_names(
    copy: Copy, deleted: bool
) -> None:
    acme, other = uuid7(), uuid7()
    await copy.hear(state(acme, 1))
    body = None if deleted else tenant_state("taken", tenant_id=acme, version=9)
    wrong = Event(
        id=uuid7(),
        type="directory.tenant.state.v1",
        source="/services/tenant-directory",
        subject=str(acme if deleted else other),
        time=state(acme, 1).time,
        tenant_id=other,
        data=body,
        sequence=9,
        version=9,
    )

    await copy.hear(wrong)

    [(reason, error)] = await copy.parked()
    assert reason == "rejected"
    assert "envelope" in error
    assert await copy.tenants.find(acme) == Tenant(acme, "acme", "business", "active")
    assert await copy.tenants.find(other) is None
    assert copy.removed == []


async def test_any_state_replaces_a_row_from_before_versions_were_kept(copy: Copy) -> None:
    acme = uuid7()
    await copy.pool.execute(
        "INSERT INTO tenants (tenant_id, name, package, status) VALUES ($1, 'x', 'free', 'active')",
        acme,
    )

    await copy.hear(state(acme, 1))

    assert await copy.tenants.find(acme) == Tenant(acme, "acme", "business", "active")


async def test_a_consumer_group_that_begins_fills_the_copy(copy: Copy) -> None:
    acme, gone = uuid7(), uuid7()
    await copy.hear(state(acme, 1), state(gone, 1, "gone"), tombstone(gone, 2))
    await copy.pool.execute("DELETE FROM tenants")

    await copy.hear_again("another")

    assert await copy.tenants.find(acme) == Tenant(acme, "acme", "business", "active")
    assert await copy.tenants.find(gone) is None
