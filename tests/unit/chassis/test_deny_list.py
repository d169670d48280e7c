"""The deny list: refused for as long as tokens live, bounded, and never forgetful."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import orjson
import pytest

from chassis.bus import Partition, ReceivedRecord, Undecodable
from chassis.denied import LEEWAY, LONGEST_TOKEN, DenyList, NotHeardYet
from chassis.denied.records import apply
from chassis.ids import uuid7
from chassis.testing import FixedClock
from contracts.topics import DIRECTORY_USERS, SSO_EVENTS

TENANT = uuid7()
ALMOST = LONGEST_TOKEN + LEEWAY - timedelta(seconds=1)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def denied(clock: FixedClock) -> DenyList:
    made = DenyList(capacity=10, clock=clock)
    made.caught_up = True
    return made


def refused(
    denied: DenyList,
    *,
    session: UUID | None = None,
    user: UUID | None = None,
    issued_at: datetime | None = None,
    clock: FixedClock,
) -> bool:
    return denied.refuses(
        session_id=session, user_id=user or uuid7(), issued_at=issued_at or clock.now()
    )


def test_nobody_is_let_in_before_it_is_known_who_is_out() -> None:
    with pytest.raises(NotHeardYet):
        refused(DenyList(), clock=FixedClock())


def test_a_session_is_refused_for_as_long_as_its_tokens_live(
    denied: DenyList, clock: FixedClock
) -> None:
    session = uuid7()
    assert not refused(denied, session=session, clock=clock)
    denied.end_session(session)
    assert refused(denied, session=session, clock=clock)
    assert not refused(denied, session=uuid7(), clock=clock)
    assert not refused(denied, clock=clock)
    clock.advance(seconds=ALMOST.total_seconds())
    assert refused(denied, session=session, clock=clock)
    clock.advance(seconds=2)
    assert not refused(denied, session=session, clock=clock)


def test_a_session_that_is_named_again_is_refused_from_then(
    denied: DenyList, clock: FixedClock
) -> None:
    session = uuid7()
    denied.end_session(session)
    clock.advance(seconds=ALMOST.total_seconds())
    denied.end_session(session)
    clock.advance(seconds=2)
    assert refused(denied, session=session, clock=clock)


def test_what_was_named_again_is_not_the_oldest(denied: DenyList, clock: FixedClock) -> None:
    again, oldest = uuid7(), uuid7()
    denied.end_session(again)
    denied.end_session(oldest)
    clock.advance(minutes=2)
    denied.end_session(again)
    for _ in range(9):
        denied.end_session(uuid7())
    assert refused(denied, session=again, clock=clock)
    assert not refused(denied, session=oldest, clock=clock), "its tokens are refused by their age"


def test_a_user_is_refused_until_let_in_and_its_old_sessions_for_good(
    denied: DenyList, clock: FixedClock
) -> None:
    user, session = uuid7(), uuid7()
    denied.shut_out(user, 3)
    denied.end_session(session)
    assert refused(denied, user=user, clock=clock)
    denied.let_in(user, 2)
    assert refused(denied, user=user, clock=clock), "an older state changes nothing"
    denied.let_in(user, 4)
    assert not refused(denied, user=user, clock=clock)
    assert refused(denied, user=user, session=session, clock=clock)


def test_an_older_state_does_not_make_a_newer_one_older(
    denied: DenyList, clock: FixedClock
) -> None:
    user = uuid7()
    denied.shut_out(user, 5)
    denied.shut_out(user, 3)
    denied.let_in(user, 4)
    assert refused(denied, user=user, clock=clock)


@pytest.mark.parametrize("kind", ["sessions", "users"])
def test_a_full_list_refuses_what_is_older_rather_than_forget(
    denied: DenyList, clock: FixedClock, kind: str
) -> None:
    began = clock.now()
    first, others = uuid7(), [uuid7() for _ in range(10)]

    def put(key: UUID) -> None:
        if kind == "sessions":
            denied.end_session(key)
        else:
            denied.shut_out(key, 1)

    put(first)
    clock.advance(minutes=2)
    for other in others:
        put(other)
    assert len(denied) == 10
    assert refused(denied, session=first, user=first, issued_at=began, clock=clock)
    assert refused(denied, issued_at=began, clock=clock), "somebody else's, as old"
    assert not refused(denied, issued_at=clock.now(), clock=clock)
    assert all(refused(denied, session=other, user=other, clock=clock) for other in others)


def test_what_is_over_leaves_first(denied: DenyList, clock: FixedClock) -> None:
    began = clock.now()
    for _ in range(5):
        denied.end_session(uuid7())
        denied.shut_out(uuid7(), 1)
    clock.advance(seconds=(LONGEST_TOKEN + LEEWAY).total_seconds())
    for _ in range(5):
        denied.end_session(uuid7())
        denied.shut_out(uuid7(), 1)
    assert len(denied) == 10
    assert not refused(denied, issued_at=began, clock=clock), "nothing was pushed out"


def test_tokens_of_a_moment_and_before_are_refused(denied: DenyList, clock: FixedClock) -> None:
    denied.refuse_older()
    assert refused(denied, issued_at=clock.now() + LEEWAY, clock=clock)
    late = clock.now() + LEEWAY + timedelta(seconds=1)
    assert not refused(denied, issued_at=late, clock=clock)


def record(topic: str, subject: UUID, value: object, **headers: str) -> ReceivedRecord:
    said = {
        "ce_specversion": "1.0",
        "ce_id": str(uuid7()),
        "ce_source": "/services/x",
        "ce_subject": str(subject),
        "ce_time": "2026-01-01T00:00:00Z",
        "ce_tenantid": str(TENANT),
        "ce_sequence": "1",
        **headers,
    }
    key = f"{TENANT}/{subject}" if topic == DIRECTORY_USERS.name else str(TENANT)
    return ReceivedRecord(
        Partition(topic, 0),
        0,
        key.encode(),
        None if value is None else orjson.dumps(value),
        [(name, text.encode()) for name, text in said.items()],
    )


def state(user: UUID, version: int, value: object) -> ReceivedRecord:
    kind = {"ce_type": "directory.user.state.v1", "ce_version": str(version)}
    return record(DIRECTORY_USERS.name, user, value, **kind)


@pytest.mark.parametrize(
    ("value", "out"),
    [
        ({"status": "active", "role": "member"}, False),
        ({"status": "inactive", "role": "member"}, True),
        ({"status": "active", "role": None}, True),
        ({"status": "active"}, True),
        ({"status": "later", "role": "member"}, True),
        (None, True),
    ],
)
def test_a_users_state_says_whether_it_is_out(
    denied: DenyList, clock: FixedClock, value: object, out: bool
) -> None:
    user = uuid7()
    apply(state(user, 1, {"status": "inactive", "role": "member"}), denied)
    apply(state(user, 2, value), denied)
    assert refused(denied, user=user, clock=clock) is out


def test_ended_sessions_are_out_and_nobody_else(denied: DenyList, clock: FixedClock) -> None:
    user, sessions = uuid7(), [uuid7(), uuid7()]
    ended = [{"session_id": str(each), "user_id": str(user)} for each in sessions]
    value = {"sessions": ended, "reason": "revoked"}
    apply(record(SSO_EVENTS.name, user, value, ce_type="sso.session.revoked.v1"), denied)
    assert all(refused(denied, session=each, user=user, clock=clock) for each in sessions)
    assert not refused(denied, session=uuid7(), user=user, clock=clock)


@pytest.mark.parametrize("value", [[], {"role": "member"}, "active", 7])
def test_what_is_no_users_state_is_not_understood(denied: DenyList, value: object) -> None:
    with pytest.raises(Undecodable):
        apply(state(uuid7(), 1, value), denied)


def test_what_is_no_ended_session_is_not_understood(denied: DenyList) -> None:
    said = record(SSO_EVENTS.name, uuid7(), {"sessions": []}, ce_type="sso.session.revoked.v1")
    with pytest.raises(Undecodable):
        apply(said, denied)
    with pytest.raises(Undecodable):
        apply(replace(said, headers=[]), denied)
