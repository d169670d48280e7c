"""The small parts of the bus: ids, context, queries, outbox records, blame."""

import asyncio
import copy
import multiprocessing
import pickle
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import pytest

from chassis import context
from chassis.bus import fault_points
from chassis.database import is_transient
from chassis.ids import uuid7
from chassis.outbox import EventTooLarge, OutboxSignal, outbox_record
from contracts.scim import ScimGroupMembersChanged, ScimUserDeleted

NOW = datetime(2026, 1, 1, tzinfo=UTC)
TENANT, USER = uuid7(), uuid7()
DELETED = ScimUserDeleted(user_id=USER, user_name="ada")


def test_ids_rise_and_never_repeat() -> None:
    ids = [uuid7() for _ in range(10_000)]
    assert ids == sorted(set(ids))
    assert {(made.version, made.variant) for made in ids} == {(7, "specified in RFC 4122")}


def test_a_context_holds_for_its_block() -> None:
    assert context.current().correlation_id == ""
    with context.bind(context.Context("outer")):
        with context.bind(context.Context("inner")):
            assert context.current().correlation_id == "inner"
        assert context.current().correlation_id == "outer"


def test_an_outbox_record_takes_its_cause_from_the_context() -> None:
    with context.bind(context.Context("corr", traceparent="00-x")):
        record = outbox_record(
            "scim.user.deleted.v1", tenant_id=TENANT, subject="s", data=DELETED, now=NOW
        )
    assert (record.topic, record.correlation_id, record.traceparent) == (
        "scim-events",
        "corr",
        "00-x",
    )
    assert ScimUserDeleted.model_validate_json(record.data or b"") == DELETED


@pytest.mark.parametrize(
    ("type_", "data", "version", "reason"),
    [
        ("scim.user.exploded.v1", DELETED, None, "no event type"),
        ("scim.user.created.v1", DELETED, None, "carries ScimUserCreated"),
        ("scim.user.deleted.v1", None, None, "needs data"),
        ("scim.user.deleted.v1", DELETED, 3, "has no version"),
        ("directory.user.state.v1", None, None, "needs a version"),
    ],
)
def test_an_outbox_record_must_fit_the_registry(
    type_: str, data: ScimUserDeleted | None, version: int | None, reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        outbox_record(type_, tenant_id=TENANT, subject="s", data=data, now=NOW, version=version)


def test_an_event_that_no_record_can_hold_never_enters_the_outbox() -> None:
    huge = DELETED.model_copy(update={"user_name": "x" * 1_100_000})
    with pytest.raises(EventTooLarge):
        outbox_record("scim.user.deleted.v1", tenant_id=TENANT, subject="s", data=huge, now=NOW)
    full = ScimGroupMembersChanged(group_id=USER, added=[uuid7()] * 5_000, removed=[USER] * 5_000)
    outbox_record(
        "scim.group.members_changed.v1", tenant_id=TENANT, subject="g", data=full, now=NOW
    )


def test_a_deletion_is_a_state_without_data() -> None:
    record = outbox_record(
        "directory.user.state.v1", tenant_id=TENANT, subject="s", data=None, now=NOW, version=2
    )
    assert (record.data, record.version) == (None, 2)


@pytest.mark.parametrize(
    ("error", "transient"),
    [
        (asyncpg.SerializationError(), True),
        (asyncpg.DeadlockDetectedError(), True),
        (asyncpg.DiskFullError(), True),
        (asyncpg.TooManyConnectionsError(), True),
        (asyncpg.AdminShutdownError(), True),
        (asyncpg.ReadOnlySQLTransactionError(), True),
        (asyncpg.IdleInTransactionSessionTimeoutError(), True),
        (asyncpg.LockNotAvailableError(), True),
        (asyncpg.ConnectionDoesNotExistError(), True),
        (asyncpg.InterfaceError("connection is closed"), True),
        (asyncpg.InternalClientError("another operation is in progress"), True),
        (ConnectionRefusedError(), True),
        (TimeoutError(), True),
        (asyncpg.UniqueViolationError(), False),
        (asyncpg.UndefinedTableError(), False),
        (asyncpg.DataError(), False),
        (asyncpg.InterfaceError("another operation is in progress"), False),
        (ValueError(), False),
    ],
)
def test_the_world_is_told_from_the_event(error: Exception, transient: bool) -> None:
    assert is_transient(error) is transient


def test_a_wrapped_error_is_judged_by_its_cause() -> None:
    wrapped = RuntimeError("storing failed")
    wrapped.__cause__ = asyncpg.DeadlockDetectedError()
    assert is_transient(wrapped)


async def test_a_notification_wakes_the_relay_of_this_process() -> None:
    signal = OutboxSignal()
    waiting = asyncio.create_task(signal.wait(30))
    await asyncio.sleep(0)
    signal.notify()
    await asyncio.wait_for(waiting, 1)
    # A notification before the wait counts too; it is used up by it.
    signal.notify()
    await asyncio.wait_for(signal.wait(30), 1)
    await signal.wait(0.01)


async def test_many_notifications_are_told_once() -> None:
    signal = OutboxSignal()
    for _ in range(50):
        signal.notify()
    assert not signal._local.is_set(), "more may follow in a moment"
    await asyncio.wait_for(signal.wait(30), 1)
    assert signal._remote.is_set()
    begun = time.monotonic()
    await signal.wait(0.1)
    assert time.monotonic() - begun > 0.09, "there was nothing more to tell"


async def test_how_long_notifications_are_gathered_is_the_services_choice() -> None:
    signal = OutboxSignal(0.2)
    signal.notify()
    begun = time.monotonic()
    await asyncio.wait_for(signal.wait(30), 1)
    assert time.monotonic() - begun > 0.15


def test_fault_points_do_nothing_unless_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FAULT", raising=False)
    fault_points()("relay.before_send")
    killed: list[tuple[int, int]] = []
    monkeypatch.setenv("FAULT", "relay.before_send:2")
    monkeypatch.setattr("os.kill", lambda pid, number: killed.append((pid, number)))
    reach = fault_points()
    for point in ("relay.before_send", "relay.after_send", "relay.before_send"):
        reach(point)
    assert len(killed) == 1


def test_an_id_is_like_one_that_uuid_has_made() -> None:
    made = uuid7()
    again = UUID(str(made))
    assert (made, hash(made), made.version, made.variant) == (again, hash(again), 7, again.variant)
    assert pickle.loads(pickle.dumps(made)) == copy.copy(made) == made


def test_a_forked_process_makes_other_ids() -> None:
    with ProcessPoolExecutor(2, multiprocessing.get_context("fork")) as pool:
        bits = [made.int & ((1 << 62) - 1) for made in pool.map(_later_id, range(2))]
    assert len({*bits, uuid7().int & ((1 << 62) - 1)}) == 3


def _later_id(_number: int) -> UUID:
    time.sleep(0.2)
    return uuid7()
