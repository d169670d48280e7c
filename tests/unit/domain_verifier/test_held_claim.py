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
from domain_verifier.domain.check_context import Moment
from domain_verifier.domain.claim import (
    Override,
    State,
    override,
)
from domain_verifier.domain.errors import InvalidError
from domain_verifier.domain.evidence import Outcome
from domain_verifier.domain.lifecycle import observe
from domain_verifier.domain.policy import Policy
from support.dns_scenario import POLICY, START, Watch, evidence, pending, verified, word


def test_a_held_domain_is_looked_at_every_day_give_or_take() -> None:
    for jitter in (-1.0, 0.0, 1.0):
        step = observe(
            verified().claim, evidence(Outcome.PRESENT), Moment(START, POLICY, jitter=jitter)
        )
        assert step.claim.next_check_at == START + timedelta(hours=24 + 2.4 * jitter)


def test_three_denials_over_a_day_begin_grace() -> None:
    watch = verified()
    watch.when_due(Outcome.ABSENT)
    first = watch.now
    watch.when_due(Outcome.ABSENT).when_due(Outcome.ABSENT)
    assert watch.claim.state is State.VERIFIED
    watch = watch.when_due(Outcome.ABSENT)
    assert watch.now - first >= timedelta(hours=24)
    assert watch.claim.state is State.GRACE
    ends_at = watch.now + timedelta(days=7)
    assert watch.changes == [GraceWarned(ends_at=ends_at, warning=1, reason="no_record")]


def test_a_thousand_denials_in_one_hour_do_not() -> None:
    watch = verified()
    for _ in range(1000):
        watch.now += timedelta(seconds=3.6)
        watch.look(Outcome.ABSENT)
    assert watch.claim.state is State.VERIFIED


def test_the_record_coming_back_forgets_the_denials() -> None:
    watch = verified().when_due(Outcome.ABSENT).when_due(Outcome.ABSENT).when_due(Outcome.ABSENT)
    watch.when_due(Outcome.PRESENT).when_due(Outcome.ABSENT)
    assert watch.claim.state is State.VERIFIED
    assert watch.claim.absent_count == 1


def test_grace_warns_three_times_and_ends_in_lapse() -> None:
    watch = verified().until(State.LAPSED, Outcome.ABSENT)
    warnings = [change for change in watch.changes if isinstance(change, GraceWarned)]
    assert [warning.warning for warning in warnings] == [1, 2, 3]
    assert watch.changes[-1] == Lapsed(reason="no_record")
    assert watch.claim.next_check_at is None
    assert watch.claim.grace_ends_at is not None
    assert watch.now >= watch.claim.grace_ends_at


def test_grace_is_over_when_the_record_is_back() -> None:
    watch = verified().until(State.GRACE, Outcome.ABSENT).when_due(Outcome.PRESENT)
    assert watch.claim.state is State.VERIFIED
    assert watch.changes[-1] == Verified("dns", recovered=True)
    assert watch.claim.grace_ends_at is None


def test_one_denial_after_a_week_without_checks_does_not_lapse() -> None:
    watch = verified().until(State.GRACE, Outcome.ABSENT)
    watch.now += timedelta(days=30)
    assert watch.look(Outcome.ABSENT).claim.state is State.GRACE


def test_silence_never_takes_a_domain_away() -> None:
    watch = verified()
    for _ in range(500):
        watch.when_due(Outcome.UNKNOWN)
    assert watch.claim.state is State.VERIFIED
    assert watch.claim.unknown_since is not None
    assert watch.now > START + timedelta(days=80)
    grace = verified().until(State.GRACE, Outcome.ABSENT)
    for _ in range(500):
        grace.when_due(Outcome.UNKNOWN)
    assert grace.claim.state is State.GRACE


def test_under_the_open_breaker_denials_neither_count_nor_lapse() -> None:
    watch = verified()
    for _ in range(50):
        watch.when_due(Outcome.ABSENT, braked=True)
    assert watch.claim.state is State.VERIFIED
    assert watch.claim.absent_count == 0
    assert watch.claim.absent_since is not None
    watch.when_due(Outcome.ABSENT).when_due(Outcome.ABSENT)
    assert watch.claim.state is State.VERIFIED
    grace = verified().until(State.GRACE, Outcome.ABSENT)
    for _ in range(50):
        grace.when_due(Outcome.ABSENT, braked=True)
    assert grace.claim.state is State.GRACE


def test_an_override_holds_without_a_record_until_its_day() -> None:
    watch = Watch().look(Outcome.ABSENT)
    step = override(watch.claim, word(), now=watch.now, policy=POLICY)
    assert step.claim.state is State.VERIFIED
    assert step.changes == (
        Verified("override", False, START + timedelta(days=7), "ann", "bo", "r"),
    )
    watch.claim = step.claim
    while watch.now < START + timedelta(days=7):
        assert watch.claim.state is State.VERIFIED
        watch.when_due(Outcome.ABSENT)
    assert watch.claim.state is State.GRACE


def test_an_override_is_told_without_the_blanks_around_its_words() -> None:
    said = word(approved_by=" bo ", reason="\tmoved  ")
    [verified_by_word] = override(pending(), said, now=START, policy=POLICY).changes
    assert isinstance(verified_by_word, Verified)
    assert (verified_by_word.approved_by, verified_by_word.reason) == ("bo", "moved")


def test_an_override_that_dns_never_bore_out_ends_whatever_dns_says() -> None:
    watch = Watch().look(Outcome.UNKNOWN)
    watch.claim = override(watch.claim, word(), now=watch.now, policy=POLICY).claim
    while watch.now < START + timedelta(days=9):
        watch.when_due(Outcome.UNKNOWN, braked=True)
    assert watch.claim.state is State.VERIFIED
    watch.until(State.GRACE, Outcome.UNKNOWN)
    watch.until(State.LAPSED, Outcome.UNKNOWN)
    assert watch.now >= START + timedelta(days=14)
    assert [type(change) for change in watch.changes] == [*[GraceWarned] * 3, Lapsed]


def test_an_override_that_dns_bore_out_ends_in_an_ordinary_claim() -> None:
    watch = Watch()
    watch.claim = override(watch.claim, word(), now=watch.now, policy=POLICY).claim
    watch.when_due(Outcome.PRESENT)
    for _ in range(100):
        watch.when_due(Outcome.UNKNOWN)
    assert watch.claim.state is State.VERIFIED


@pytest.mark.parametrize(
    ("bad", "slug"),
    [
        (word(days=31), "override_too_long"),
        (word(days=-1), "override_too_long"),
        (word(days=3_000_000), "override_too_long"),
        (word(days=-3_000_000), "override_too_long"),
        (word(approved_by="Ann "), "second_person_missing"),
        (word(approved_by="cli:ann"), "second_person_missing"),
        (word(approved_by=" "), "second_person_missing"),
        (word(approved_by="ann:"), "second_person_missing"),
        (word(reason=" "), "reason_missing"),
        (word(reason="a\x00b"), "not_a_line"),
        (word(approved_by="\udcff"), "not_a_line"),
    ],
)
def test_an_override_needs_two_people_a_reason_and_an_end(bad: Override, slug: str) -> None:
    with pytest.raises(InvalidError) as caught:
        override(pending(), bad, now=START, policy=POLICY)
    assert caught.value.slug == slug


def test_a_contested_holder_without_record_has_shorter_clocks() -> None:
    watch = verified()
    watch.claim = replace(watch.claim, contested_since=watch.now, next_check_at=watch.now)
    watch.when_due(Outcome.ABSENT)
    assert watch.claim.state is State.VERIFIED
    watch.until(State.GRACE, Outcome.ABSENT)
    assert timedelta(hours=1) <= watch.now - START < timedelta(hours=2)
    watch.until(State.LAPSED, Outcome.ABSENT)
    assert timedelta(days=2) <= watch.now - START < timedelta(days=3)


def test_grace_that_somebody_contests_ends_sooner_and_says_so() -> None:
    watch = verified().until(State.GRACE, Outcome.ABSENT)
    watch.when_due(Outcome.ABSENT)
    watch.claim = replace(watch.claim, contested_since=watch.now)
    contested = watch.now
    watch.changes.clear()
    watch.when_due(Outcome.ABSENT).when_due(Outcome.ABSENT)
    ends_at = contested + timedelta(days=2)
    assert watch.claim.grace_ends_at == ends_at
    assert [w.ends_at for w in watch.changes if isinstance(w, GraceWarned)] == [ends_at]
    watch.until(State.LAPSED, Outcome.ABSENT)
    assert ends_at <= watch.now < ends_at + timedelta(hours=7)


def test_denials_at_one_moment_and_one_later_do_not_begin_grace() -> None:
    watch = verified().look(Outcome.ABSENT)
    for _ in range(2):
        watch.now += timedelta(minutes=1)
        watch.look(Outcome.ABSENT)
    watch.now += timedelta(hours=23, minutes=58)
    assert watch.look(Outcome.ABSENT).claim.state is State.VERIFIED
    assert watch.claim.absent_count == 2


def test_denials_with_days_of_silence_between_are_no_run() -> None:
    watch = verified()
    for _ in range(9):
        watch.when_due(Outcome.ABSENT)
        for _ in range(12):
            watch.when_due(Outcome.UNKNOWN)
    assert watch.claim.state is State.VERIFIED
    assert watch.claim.absent_count == 1


def test_a_zone_that_was_signed_needs_longer_to_deny_without_signatures() -> None:
    watch = verified()
    assert watch.claim.authenticated
    watch.when_due(Outcome.ABSENT, ad=False)
    first = watch.now
    while watch.claim.state is not State.GRACE:
        watch.when_due(Outcome.ABSENT, ad=False)
    assert watch.now - first >= timedelta(hours=72)


def test_denials_from_before_the_breaker_closed_do_not_count() -> None:
    watch = verified()
    for _ in range(3):
        watch.when_due(Outcome.ABSENT)
    assert watch.claim.absent_count == 3
    watch.breaker = Breaker(closed_at=watch.now + timedelta(minutes=1))
    watch.when_due(Outcome.ABSENT)
    assert watch.claim.state is State.VERIFIED
    assert watch.claim.absent_count == 1
    began = watch.now
    watch.until(State.GRACE, Outcome.ABSENT)
    assert watch.now - began >= timedelta(hours=24)


def test_grace_does_not_run_out_under_the_open_breaker_nor_warn() -> None:
    watch = verified().until(State.GRACE, Outcome.ABSENT)
    watch.changes.clear()
    for _ in range(60):
        watch.when_due(Outcome.ABSENT, braked=True)
    assert watch.claim.state is State.GRACE
    assert watch.changes == []
    closed = watch.now
    watch.breaker = Breaker(closed_at=closed)
    watch.until(State.LAPSED, Outcome.ABSENT)
    assert watch.now - closed >= timedelta(hours=24)
    assert [type(change) for change in watch.changes] == [GraceWarned, Lapsed]


@pytest.mark.parametrize("days", [1, 7, 30, 90])
def test_warnings_come_at_the_same_shares_of_any_grace(days: int) -> None:
    watch = verified()
    watch.policy = Policy(grace=timedelta(days=days))
    watch.until(State.LAPSED, Outcome.ABSENT, limit=1000)
    warnings = [change for change in watch.changes if isinstance(change, GraceWarned)]
    assert [warning.warning for warning in warnings] == [1, 2, 3]


def test_a_contested_grace_is_never_the_longer_one() -> None:
    watch = verified()
    watch.policy = Policy(grace=timedelta(hours=24))
    watch.claim = replace(watch.claim, contested_since=watch.now)
    watch.until(State.GRACE, Outcome.ABSENT)
    assert watch.claim.grace_ends_at == watch.now + timedelta(hours=24)


def test_one_unsigned_look_is_no_proof_for_what_an_override_held() -> None:
    watch = Watch()
    watch.claim = override(watch.claim, word(), now=watch.now, policy=POLICY).claim
    watch.look(Outcome.PRESENT, ad=False)
    assert watch.claim.proved_at is None
    assert watch.changes == []
    watch.now = START + timedelta(days=8)
    watch.look(Outcome.UNKNOWN)
    assert watch.claim.state is State.GRACE
    watch.look(Outcome.PRESENT, ad=False)
    assert watch.claim.state is State.GRACE
    assert watch.when_due(Outcome.PRESENT, ad=False).claim.state is State.VERIFIED
    assert watch.claim.proved_at == watch.now
    assert watch.changes[-1] == Verified("dns", recovered=True)


def test_dns_bearing_out_an_override_is_told() -> None:
    watch = Watch()
    watch.claim = override(watch.claim, word(), now=watch.now, policy=POLICY).claim
    assert watch.look(Outcome.PRESENT).changes == [Verified("dns")]


def test_a_rival_that_comes_late_does_not_end_grace_without_notice() -> None:
    watch = verified().until(State.GRACE, Outcome.ABSENT)
    began = watch.now
    watch.now += timedelta(hours=6)
    watch.claim = replace(watch.claim, contested_since=watch.now)
    while watch.now < began + timedelta(days=3):
        watch.when_due(Outcome.UNKNOWN)
    watch.until(State.LAPSED, Outcome.ABSENT)
    *_, last = [change for change in watch.changes if isinstance(change, GraceWarned)]
    assert last.ends_at <= watch.now < last.ends_at + timedelta(hours=7)
    assert watch.now - began > timedelta(days=4)


def test_a_rival_does_not_undo_what_the_breaker_gave() -> None:
    watch = verified()
    watch.claim = replace(watch.claim, contested_since=watch.now)
    watch.until(State.GRACE, Outcome.ABSENT)
    while watch.now < START + timedelta(days=10):
        watch.when_due(Outcome.ABSENT, braked=True)
    closed = watch.now
    watch.breaker = Breaker(closed_at=closed)
    watch.until(State.LAPSED, Outcome.ABSENT)
    assert watch.now - closed >= timedelta(hours=24)


def test_an_absence_after_days_of_silence_is_a_new_one() -> None:
    watch = verified().when_due(Outcome.ABSENT)
    first = watch.now
    while watch.now < first + timedelta(hours=60):
        watch.when_due(Outcome.UNKNOWN)
    assert watch.claim.absent_since == first
    watch.when_due(Outcome.ABSENT)
    assert watch.claim.absent_since == watch.now


def test_silence_right_after_a_first_sight_does_not_end_an_override_for_good() -> None:
    watch = Watch()
    watch.claim = override(watch.claim, word(), now=watch.now, policy=POLICY).claim
    watch.until(State.GRACE, Outcome.UNKNOWN)
    assert watch.claim.grace_ends_at is not None
    watch.now = watch.claim.grace_ends_at - timedelta(seconds=1)
    watch.look(Outcome.PRESENT, ad=False).when_due(Outcome.UNKNOWN)
    assert watch.claim.state is State.GRACE
    assert watch.when_due(Outcome.PRESENT, ad=False).claim.state is State.VERIFIED


def test_a_look_that_was_asked_for_puts_none_off() -> None:
    watch = verified()
    planned = watch.claim.next_check_at
    watch.now += timedelta(hours=20)
    for outcome in (Outcome.PRESENT, Outcome.ABSENT):
        watch.look(outcome, asked=True)
        assert watch.claim.next_check_at == planned
    watch.look(Outcome.UNKNOWN, asked=True)
    assert watch.claim.next_check_at == watch.now + timedelta(minutes=5)
