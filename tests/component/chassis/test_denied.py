"""Every process hears by itself who is out, from the last minutes on, and says when it knows."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import UUID

import pytest

from chassis.bus import KafkaTail
from chassis.clock import SystemClock
from chassis.denied import DenyFeed, DenyList, NotHeardYet
from chassis.denied.feed import FeedStuck
from chassis.ids import uuid7
from chassis.loops import Loop, LoopDied, run_until_signalled
from chassis.observe import NotReady
from chassis.outbox import OutboxRecord, outbox_record
from chassis.service.readiness import denied_checks
from contracts.sso import RevokedSession, SsoSessionRevoked
from support.bus import Bus, KafkaBroker, open_bus, raw, running, user_state
from support.databases import DatabaseFactory
from support.waiting import eventually

NOBODY = "127.0.0.1:1"


@pytest.fixture
async def bus(kafka: str, database: DatabaseFactory) -> AsyncIterator[Bus]:
    async with open_bus(KafkaBroker(kafka), database) as made:
        yield made


@asynccontextmanager
async def listening(kafka: str, processes: int = 1) -> AsyncIterator[list[DenyList]]:
    """Run the feeds of some processes, each until it has caught up."""
    lists = [DenyList() for _ in range(processes)]
    async with running(*(DenyFeed(each, kafka).run for each in lists)):
        await eventually(lambda: all(each.caught_up for each in lists), within=30)
        yield lists


def revoked(tenant_id: UUID, session_id: UUID) -> OutboxRecord:
    said = [RevokedSession(session_id=session_id, user_id=uuid7())]
    return outbox_record(
        "sso.session.revoked.v1",
        tenant_id=tenant_id,
        subject=str(tenant_id),
        data=SsoSessionRevoked(sessions=said, reason="revoked"),
        now=SystemClock().now(),
    )


def out(denied: DenyList, *, session: UUID | None = None, user: UUID | None = None) -> bool:
    return denied.refuses(
        session_id=session,
        user_id=user or uuid7(),
        issued_at=SystemClock().now() + timedelta(hours=1),
    )


async def test_every_process_hears_who_is_out(kafka: str, bus: Bus) -> None:
    tenant, session, user = uuid7(), uuid7(), uuid7()
    async with listening(kafka, processes=2) as lists, running(bus.relay().run):
        await bus.commit(revoked(tenant, session), user_state(tenant, user, 1, deleted=True))
        await eventually(lambda: all(out(each, session=session) for each in lists))
        await eventually(lambda: all(out(each, user=user) for each in lists))
        assert not any(out(each, session=uuid7(), user=uuid7()) for each in lists)


async def test_who_begins_later_knows_what_was_said_before(kafka: str, bus: Bus) -> None:
    tenant, session, user = uuid7(), uuid7(), uuid7()
    async with listening(kafka) as [first], running(bus.relay().run):
        await bus.commit(revoked(tenant, session), user_state(tenant, user, 1, deleted=True))
        await eventually(lambda: out(first, session=session) and out(first, user=user))
    async with listening(kafka) as [second]:
        assert out(second, session=session)
        assert out(second, user=user)


async def test_what_is_not_understood_lets_nobody_stay_by_an_older_token(
    kafka: str, bus: Bus
) -> None:
    broken = raw(revoked(uuid7(), uuid7()), 1, value=b"{")
    async with listening(kafka) as [denied]:
        before = SystemClock().now()
        assert not out(denied)
        await bus.send(broken)
        await eventually(lambda: denied.refuses(session_id=None, user_id=uuid7(), issued_at=before))


async def test_a_process_without_a_broker_knows_nothing_and_says_so() -> None:
    denied = DenyList()
    [check] = denied_checks(denied)
    async with running(DenyFeed(denied, NOBODY).run) as [feed]:
        with pytest.raises(NotReady):
            await check.probe()
        with pytest.raises(NotHeardYet):
            out(denied)
        assert not feed.done(), "it goes on trying"
    denied.caught_up = True
    await check.probe()


async def test_a_feed_that_reads_nothing_more_ends_the_process(
    kafka: str, bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    denied = DenyList()
    # Longer than a fetch may take on a busy machine: nothing is stuck before the test makes it so.
    loop = Loop("denied", DenyFeed(denied, kafka, watch_seconds=1).run)
    process = asyncio.create_task(run_until_signalled([loop], grace=1))
    await eventually(lambda: denied.caught_up, within=30)

    asked = asyncio.Event()

    async def nothing(self: KafkaTail, timeout: float) -> list[object]:
        asked.set()
        await asyncio.sleep(0.01)
        return []

    monkeypatch.setattr(KafkaTail, "receive", nothing)
    async with asyncio.timeout(20):
        await asked.wait()
    await bus.send(raw(revoked(uuid7(), uuid7()), 1))
    with pytest.raises(LoopDied) as died:
        async with asyncio.timeout(20):
            await process
    assert isinstance(died.value.__cause__, FeedStuck)
