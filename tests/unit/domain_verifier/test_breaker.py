"""When the breaker opens and closes."""

from datetime import UTC, datetime, timedelta

import pytest

from domain_verifier.domain.breaker import Breaker, Count, accept, reconsider
from domain_verifier.domain.policy import Policy
from kernel.errors import ConflictError

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
POLICY = Policy()


def opens(held: int, suspects: int, limited: int | None = None) -> bool:
    count = Count(held, suspects, suspects if limited is None else limited)
    return reconsider(Breaker(), count, now=NOW, policy=POLICY).is_open


@pytest.mark.parametrize(
    ("held", "suspects", "is_open"),
    [
        (2, 2, False),
        (3, 2, False),
        (3, 3, True),
        (19, 9, False),
        (19, 10, True),
        (40, 19, False),
        (40, 20, True),
        (1000, 50, False),
        (1000, 51, True),
    ],
)
def test_a_share_of_a_large_fleet_or_half_of_a_small_one_opens_it(
    held: int, suspects: int, is_open: bool
) -> None:
    assert opens(held, suspects) is is_open


def test_one_tenant_alone_does_not_open_it_for_all() -> None:
    assert not opens(100, 40, limited=5)
    assert opens(100, 50, limited=5)
    assert opens(100, 40, limited=20)


def test_it_stays_open_until_half_of_what_opened_it_is_back() -> None:
    opened = Breaker(opened_at=NOW - timedelta(hours=1))
    assert reconsider(opened, Count(100, 10, 10), now=NOW, policy=POLICY) == opened
    closed = reconsider(opened, Count(100, 9, 9), now=NOW, policy=POLICY)
    assert closed == Breaker(opened_at=None, closed_at=NOW)


def test_only_an_open_breaker_can_be_closed_by_hand() -> None:
    with pytest.raises(ConflictError):
        accept(Breaker(accepted_at=NOW), now=NOW)
    closed = accept(Breaker(opened_at=NOW), now=NOW)
    assert (closed.is_open, closed.closed_at, closed.accepted_at) == (False, NOW, NOW)


def test_what_was_accepted_is_no_suspect_later() -> None:
    accepted = Breaker(accepted_at=NOW - timedelta(hours=1))
    assert accepted.suspects_since(NOW, POLICY) == NOW - timedelta(hours=1)
    assert Breaker().suspects_since(NOW, POLICY) == NOW - timedelta(hours=48)
    opened = Breaker(opened_at=NOW - timedelta(days=5))
    assert opened.suspects_since(NOW, POLICY) == NOW - timedelta(days=7)


def test_a_fault_has_time_to_meet_every_domain() -> None:
    slow = Policy(recheck_every=timedelta(days=7))
    assert Breaker().suspects_since(NOW, slow) == NOW - timedelta(days=14)
