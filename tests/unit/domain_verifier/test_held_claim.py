"""What it takes to lose a held domain, driven by a clock."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain_verifier.domain.breaker import Breaker
from domain_verifier.domain.changes import (
    GraceWarned,
    Lapsed,
    Verified,
)
from domain_verifier.domain.check_context import CheckContext
from domain_verifier.domain.claim import State
from domain_verifier.domain.evidence import Outcome
from domain_verifier.domain.lifecycle import apply_check
from domain_verifier.domain.override import OverrideRequest, override
from domain_verifier.domain.policy import Policy
from kernel.errors import InvalidError
from support.dns_scenario import (
    POLICY,
    START,
    ClaimScenario,
    evidence,
    override_request,
    pending,
    verified,
)


def test_a_held_domain_is_checked_every_day_give_or_take() -> None:
    for jitter in (-1.0, 0.0, 1.0):
        transition = apply_check(
            verified().claim, evidence(Outcome.PRESENT), CheckContext(START, POLICY, jitter=jitter)
        )
        assert transition.claim.next_check_at == START + timedelta(hours=24 + 2.4 * jitter)


def test_three_absences_over_a_day_begin_grace() -> None:
    scenario = verified()
    scenario.when_due(Outcome.ABSENT)
    first = scenario.now
    scenario.when_due(Outcome.ABSENT).when_due(Outcome.ABSENT)
    assert scenario.claim.state is State.VERIFIED
    scenario = scenario.when_due(Outcome.ABSENT)
    assert scenario.now - first >= timedelta(hours=24)
    assert scenario.claim.state is State.GRACE
    ends_at = scenario.now + timedelta(days=7)
    assert scenario.changes == [GraceWarned(ends_at=ends_at, warning=1, reason="no_record")]


def test_a_thousand_absences_in_one_hour_do_not() -> None:
    scenario = verified()
    for _ in range(1000):
        scenario.now += timedelta(seconds=3.6)
        scenario.check(Outcome.ABSENT)
    assert scenario.claim.state is State.VERIFIED


def test_the_record_coming_back_forgets_the_absences() -> None:
    scenario = verified().when_due(Outcome.ABSENT).when_due(Outcome.ABSENT).when_due(Outcome.ABSENT)
    scenario.when_due(Outcome.PRESENT).when_due(Outcome.ABSENT)
    assert scenario.claim.state is State.VERIFIED
    assert scenario.claim.absent_count == 1


def test_grace_warns_three_times_and_ends_in_lapse() -> None:
    scenario = verified().until(State.LAPSED, Outcome.ABSENT)
    warnings = [change for change in scenario.changes if isinstance(change, GraceWarned)]
    assert [warning.warning for warning in warnings] == [1, 2, 3]
    assert scenario.changes[-1] == Lapsed(reason="no_record")
    assert scenario.claim.next_check_at is None
    assert scenario.claim.grace_ends_at is not None
    assert scenario.now >= scenario.claim.grace_ends_at


def test_grace_is_over_when_the_record_is_back() -> None:
    scenario = verified().until(State.GRACE, Outcome.ABSENT).when_due(Outcome.PRESENT)
    assert scenario.claim.state is State.VERIFIED
    assert scenario.changes[-1] == Verified("dns", recovered=True)
    assert scenario.claim.grace_ends_at is None


def test_one_absence_after_a_week_without_checks_does_not_lapse() -> None:
    scenario = verified().until(State.GRACE, Outcome.ABSENT)
    scenario.now += timedelta(days=30)
    assert scenario.check(Outcome.ABSENT).claim.state is State.GRACE


def test_silence_never_takes_a_domain_away() -> None:
    scenario = verified()
    for _ in range(500):
        scenario.when_due(Outcome.UNKNOWN)
    assert scenario.claim.state is State.VERIFIED
    assert scenario.claim.unknown_since is not None
    assert scenario.now > START + timedelta(days=80)
    grace = verified().until(State.GRACE, Outcome.ABSENT)
    for _ in range(500):
        grace.when_due(Outcome.UNKNOWN)
    assert grace.claim.state is State.GRACE


def test_under_the_open_breaker_absences_neither_count_nor_lapse() -> None:
    scenario = verified()
    for _ in range(50):
        scenario.when_due(Outcome.ABSENT, breaker_open=True)
    assert scenario.claim.state is State.VERIFIED
    assert scenario.claim.absent_count == 0
    assert scenario.claim.absent_since is not None
    scenario.when_due(Outcome.ABSENT).when_due(Outcome.ABSENT)
    assert scenario.claim.state is State.VERIFIED
    grace = verified().until(State.GRACE, Outcome.ABSENT)
    for _ in range(50):
        grace.when_due(Outcome.ABSENT, breaker_open=True)
    assert grace.claim.state is State.GRACE


def test_an_override_holds_without_a_record_until_its_day() -> None:
    scenario = ClaimScenario().check(Outcome.ABSENT)
    transition = override(scenario.claim, override_request(), now=scenario.now, policy=POLICY)
    assert transition.claim.state is State.VERIFIED
    assert transition.changes == (
        Verified("override", False, START + timedelta(days=7), "ann", "bo", "r"),
    )
    scenario.claim = transition.claim
    while scenario.now < START + timedelta(days=7):
        assert scenario.claim.state is State.VERIFIED
        scenario.when_due(Outcome.ABSENT)
    assert scenario.claim.state is State.GRACE


def test_an_override_is_published_without_the_blanks_around_its_words() -> None:
    said = override_request(approved_by=" bo ", reason="\tmoved  ")
    [verified_by_word] = override(pending(), said, now=START, policy=POLICY).changes
    assert isinstance(verified_by_word, Verified)
    assert (verified_by_word.approved_by, verified_by_word.reason) == ("bo", "moved")


def test_an_override_that_dns_never_bore_out_ends_whatever_dns_says() -> None:
    scenario = ClaimScenario().check(Outcome.UNKNOWN)
    scenario.claim = override(
        scenario.claim, override_request(), now=scenario.now, policy=POLICY
    ).claim
    while scenario.now < START + timedelta(days=9):
        scenario.when_due(Outcome.UNKNOWN, breaker_open=True)
    assert scenario.claim.state is State.VERIFIED
    scenario.until(State.GRACE, Outcome.UNKNOWN)
    scenario.until(State.LAPSED, Outcome.UNKNOWN)
    assert scenario.now >= START + timedelta(days=14)
    assert [type(change) for change in scenario.changes] == [*[GraceWarned] * 3, Lapsed]


def test_an_override_that_dns_bore_out_ends_in_an_ordinary_claim() -> None:
    scenario = ClaimScenario()
    scenario.claim = override(
        scenario.claim, override_request(), now=scenario.now, policy=POLICY
    ).claim
    scenario.when_due(Outcome.PRESENT)
    for _ in range(100):
        scenario.when_due(Outcome.UNKNOWN)
    assert scenario.claim.state is State.VERIFIED


@pytest.mark.parametrize(
    ("bad", "slug"),
    [
        (override_request(days=31), "override_too_long"),
        (override_request(days=-1), "override_too_long"),
        (override_request(days=3_000_000), "override_too_long"),
        (override_request(days=-3_000_000), "override_too_long"),
        (override_request(approved_by="Ann "), "second_person_missing"),
        (override_request(approved_by="cli:ann"), "second_person_missing"),
        (override_request(approved_by=" "), "second_person_missing"),
        (override_request(approved_by="ann:"), "second_person_missing"),
        (override_request(reason=" "), "reason_missing"),
        (override_request(reason="a\x00b"), "not_a_line"),
        (override_request(approved_by="\udcff"), "not_a_line"),
    ],
)
def test_an_override_needs_two_people_a_reason_and_an_end(bad: OverrideRequest, slug: str) -> None:
    with pytest.raises(InvalidError) as caught:
        override(pending(), bad, now=START, policy=POLICY)
    assert caught.value.slug == slug


def test_a_contested_holder_without_record_has_shorter_clocks() -> None:
    scenario = verified()
    scenario.claim = replace(
        scenario.claim, contested_since=scenario.now, next_check_at=scenario.now
    )
    scenario.when_due(Outcome.ABSENT)
    assert scenario.claim.state is State.VERIFIED
    scenario.until(State.GRACE, Outcome.ABSENT)
    assert timedelta(hours=1) <= scenario.now - START < timedelta(hours=2)
    scenario.until(State.LAPSED, Outcome.ABSENT)
    assert timedelta(days=2) <= scenario.now - START < timedelta(days=3)


def test_grace_that_somebody_contests_ends_sooner_and_says_so() -> None:
    scenario = verified().until(State.GRACE, Outcome.ABSENT)
    scenario.when_due(Outcome.ABSENT)
    scenario.claim = replace(scenario.claim, contested_since=scenario.now)
    contested = scenario.now
    scenario.changes.clear()
    scenario.when_due(Outcome.ABSENT).when_due(Outcome.ABSENT)
    ends_at = contested + timedelta(days=2)
    assert scenario.claim.grace_ends_at == ends_at
    assert [w.ends_at for w in scenario.changes if isinstance(w, GraceWarned)] == [ends_at]
    scenario.until(State.LAPSED, Outcome.ABSENT)
    assert ends_at <= scenario.now < ends_at + timedelta(hours=7)


def test_absences_at_one_moment_and_one_later_do_not_begin_grace() -> None:
    scenario = verified().check(Outcome.ABSENT)
    for _ in range(2):
        scenario.now += timedelta(minutes=1)
        scenario.check(Outcome.ABSENT)
    scenario.now += timedelta(hours=23, minutes=58)
    assert scenario.check(Outcome.ABSENT).claim.state is State.VERIFIED
    assert scenario.claim.absent_count == 2


def test_absences_with_days_of_silence_between_are_no_run() -> None:
    scenario = verified()
    for _ in range(9):
        scenario.when_due(Outcome.ABSENT)
        for _ in range(12):
            scenario.when_due(Outcome.UNKNOWN)
    assert scenario.claim.state is State.VERIFIED
    assert scenario.claim.absent_count == 1


def test_a_zone_that_was_signed_needs_longer_to_deny_without_signatures() -> None:
    scenario = verified()
    assert scenario.claim.authenticated
    scenario.when_due(Outcome.ABSENT, ad=False)
    first = scenario.now
    while scenario.claim.state is not State.GRACE:
        scenario.when_due(Outcome.ABSENT, ad=False)
    assert scenario.now - first >= timedelta(hours=72)


def test_absences_from_before_the_breaker_closed_do_not_count() -> None:
    scenario = verified()
    for _ in range(3):
        scenario.when_due(Outcome.ABSENT)
    assert scenario.claim.absent_count == 3
    scenario.breaker = Breaker(closed_at=scenario.now + timedelta(minutes=1))
    scenario.when_due(Outcome.ABSENT)
    assert scenario.claim.state is State.VERIFIED
    assert scenario.claim.absent_count == 1
    began = scenario.now
    scenario.until(State.GRACE, Outcome.ABSENT)
    assert scenario.now - began >= timedelta(hours=24)


def test_grace_does_not_run_out_under_the_open_breaker_nor_warn() -> None:
    scenario = verified().until(State.GRACE, Outcome.ABSENT)
    scenario.changes.clear()
    for _ in range(60):
        scenario.when_due(Outcome.ABSENT, breaker_open=True)
    assert scenario.claim.state is State.GRACE
    assert scenario.changes == []
    closed = scenario.now
    scenario.breaker = Breaker(closed_at=closed)
    scenario.until(State.LAPSED, Outcome.ABSENT)
    assert scenario.now - closed >= timedelta(hours=24)
    assert [type(change) for change in scenario.changes] == [GraceWarned, Lapsed]


@pytest.mark.parametrize("days", [1, 7, 30, 90])
def test_warnings_come_at_the_same_shares_of_any_grace(days: int) -> None:
    scenario = verified()
    scenario.policy = Policy(grace=timedelta(days=days))
    scenario.until(State.LAPSED, Outcome.ABSENT, limit=1000)
    warnings = [change for change in scenario.changes if isinstance(change, GraceWarned)]
    assert [warning.warning for warning in warnings] == [1, 2, 3]


def test_a_contested_grace_is_never_the_longer_one() -> None:
    scenario = verified()
    scenario.policy = Policy(grace=timedelta(hours=24))
    scenario.claim = replace(scenario.claim, contested_since=scenario.now)
    scenario.until(State.GRACE, Outcome.ABSENT)
    assert scenario.claim.grace_ends_at == scenario.now + timedelta(hours=24)


def test_one_unsigned_check_is_no_proof_for_what_an_override_held() -> None:
    scenario = ClaimScenario()
    scenario.claim = override(
        scenario.claim, override_request(), now=scenario.now, policy=POLICY
    ).claim
    scenario.check(Outcome.PRESENT, ad=False)
    assert scenario.claim.proved_at is None
    assert scenario.changes == []
    scenario.now = START + timedelta(days=8)
    scenario.check(Outcome.UNKNOWN)
    assert scenario.claim.state is State.GRACE
    scenario.check(Outcome.PRESENT, ad=False)
    assert scenario.claim.state is State.GRACE
    assert scenario.when_due(Outcome.PRESENT, ad=False).claim.state is State.VERIFIED
    assert scenario.claim.proved_at == scenario.now
    assert scenario.changes[-1] == Verified("dns", recovered=True)


def test_dns_bearing_out_an_override_is_published() -> None:
    scenario = ClaimScenario()
    scenario.claim = override(
        scenario.claim, override_request(), now=scenario.now, policy=POLICY
    ).claim
    assert scenario.check(Outcome.PRESENT).changes == [Verified("dns")]


def test_a_rival_that_comes_late_does_not_end_grace_without_notice() -> None:
    scenario = verified().until(State.GRACE, Outcome.ABSENT)
    began = scenario.now
    scenario.now += timedelta(hours=6)
    scenario.claim = replace(scenario.claim, contested_since=scenario.now)
    while scenario.now < began + timedelta(days=3):
        scenario.when_due(Outcome.UNKNOWN)
    scenario.until(State.LAPSED, Outcome.ABSENT)
    *_, last = [change for change in scenario.changes if isinstance(change, GraceWarned)]
    assert last.ends_at <= scenario.now < last.ends_at + timedelta(hours=7)
    assert scenario.now - began > timedelta(days=4)


def test_a_rival_does_not_undo_what_the_breaker_gave() -> None:
    scenario = verified()
    scenario.claim = replace(scenario.claim, contested_since=scenario.now)
    scenario.until(State.GRACE, Outcome.ABSENT)
    while scenario.now < START + timedelta(days=10):
        scenario.when_due(Outcome.ABSENT, breaker_open=True)
    closed = scenario.now
    scenario.breaker = Breaker(closed_at=closed)
    scenario.until(State.LAPSED, Outcome.ABSENT)
    assert scenario.now - closed >= timedelta(hours=24)


def test_an_absence_after_days_of_silence_is_a_new_one() -> None:
    scenario = verified().when_due(Outcome.ABSENT)
    first = scenario.now
    while scenario.now < first + timedelta(hours=60):
        scenario.when_due(Outcome.UNKNOWN)
    assert scenario.claim.absent_since == first
    scenario.when_due(Outcome.ABSENT)
    assert scenario.claim.absent_since == scenario.now


def test_silence_right_after_a_first_sight_does_not_end_an_override_for_good() -> None:
    scenario = ClaimScenario()
    scenario.claim = override(
        scenario.claim, override_request(), now=scenario.now, policy=POLICY
    ).claim
    scenario.until(State.GRACE, Outcome.UNKNOWN)
    assert scenario.claim.grace_ends_at is not None
    scenario.now = scenario.claim.grace_ends_at - timedelta(seconds=1)
    scenario.check(Outcome.PRESENT, ad=False).when_due(Outcome.UNKNOWN)
    assert scenario.claim.state is State.GRACE
    assert scenario.when_due(Outcome.PRESENT, ad=False).claim.state is State.VERIFIED


def test_a_check_that_was_requested_puts_none_off() -> None:
    scenario = verified()
    planned = scenario.claim.next_check_at
    scenario.now += timedelta(hours=20)
    for outcome in (Outcome.PRESENT, Outcome.ABSENT):
        scenario.check(outcome, requested=True)
        assert scenario.claim.next_check_at == planned
    scenario.check(Outcome.UNKNOWN, requested=True)
    assert scenario.claim.next_check_at == scenario.now + timedelta(minutes=5)
