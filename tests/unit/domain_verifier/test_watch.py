"""The state machine of claims, driven by a clock."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain_verifier.domain.breaker import Breaker
from domain_verifier.domain.changes import (
    Change,
    Claimed,
    Failed,
    GraceWarned,
    Lapsed,
    Released,
    ReviewBegan,
    Verified,
)
from domain_verifier.domain.claim import (
    HOLDING,
    Claim,
    Override,
    State,
    new_claim,
    override,
    put_under_review,
    release,
)
from domain_verifier.domain.errors import ConflictError, InvalidError
from domain_verifier.domain.evidence import Evidence, Outcome, Reason
from domain_verifier.domain.moment import Moment
from domain_verifier.domain.name import DomainName
from domain_verifier.domain.policy import Policy
from domain_verifier.domain.watch import observe

START = datetime(2026, 11, 23, 12, tzinfo=UTC)
POLICY = Policy()
REASONS = {
    Outcome.PRESENT: Reason.MATCHED,
    Outcome.ABSENT: Reason.NO_RECORD,
    Outcome.UNKNOWN: Reason.SERVFAIL,
}


def evidence(
    outcome: Outcome, *, ad: bool = True, retry_after: timedelta | None = None
) -> Evidence:
    return Evidence(outcome, REASONS[outcome], "why", authenticated=ad, retry_after=retry_after)


def pending() -> Claim:
    return new_claim(
        tenant_id=UUID(int=1),
        claim_id=UUID(int=2),
        domain=DomainName("acme.test", "acme.test"),
        token="t" * 32,
        now=START,
        policy=POLICY,
    ).claim


@dataclass
class Watch:
    """A claim and the checks it has lived through."""

    claim: Claim = field(default_factory=pending)
    now: datetime = START
    changes: list[Change] = field(default_factory=list)
    policy: Policy = POLICY
    breaker: Breaker = field(default_factory=Breaker)
    refusal: str | None = None

    def look(self, outcome: Outcome, **circumstances: bool | timedelta | None) -> "Watch":
        opened_at = START if circumstances.pop("braked", False) else None
        asked = bool(circumstances.pop("asked", False))
        found = evidence(outcome, **circumstances)  # type: ignore[arg-type]
        breaker = replace(self.breaker, opened_at=opened_at)
        moment = Moment(self.now, self.policy, breaker=breaker, asked=asked, refusal=self.refusal)
        step = observe(self.claim, found, moment)
        self.claim = step.claim
        self.changes += step.changes
        return self

    def when_due(self, outcome: Outcome, **circumstances: bool | timedelta | None) -> "Watch":
        assert self.claim.next_check_at is not None
        self.now = max(self.now, self.claim.next_check_at)
        return self.look(outcome, **circumstances)

    def until(self, state: State, outcome: Outcome, *, limit: int = 100) -> "Watch":
        for _ in range(limit):
            if self.claim.state is state:
                return self
            self.when_due(outcome)
        raise AssertionError(f"still {self.claim.state} after {limit} looks")


def verified() -> Watch:
    watch = Watch().look(Outcome.PRESENT)
    assert watch.claim.state is State.VERIFIED
    watch.changes.clear()
    return watch


def test_a_new_claim_is_due_at_once() -> None:
    step = new_claim(
        tenant_id=UUID(int=1),
        claim_id=UUID(int=2),
        domain=DomainName("acme.test", "acme.test"),
        token="t",
        now=START,
        policy=POLICY,
    )
    assert step.claim.next_check_at == START
    assert step.changes == (Claimed(),)


def test_a_pending_claim_is_looked_at_less_and_less_often() -> None:
    watch = Watch()
    waits = []
    for _ in range(7):
        watch.when_due(Outcome.ABSENT)
        assert watch.claim.next_check_at is not None
        waits.append(watch.claim.next_check_at - watch.now)
    assert [wait.total_seconds() for wait in waits] == [30, 120, 600, 1800, 3600, 3600, 3600]


def test_no_look_comes_before_the_negative_ttl_has_passed() -> None:
    watch = Watch().look(Outcome.ABSENT, retry_after=timedelta(minutes=45))
    assert watch.claim.next_check_at == START + timedelta(minutes=45)


def test_an_authenticated_record_verifies_at_once() -> None:
    watch = Watch().look(Outcome.PRESENT)
    assert watch.claim.state is State.VERIFIED
    assert watch.claim.verified_at == START
    assert watch.changes == [Verified("dns")]


def test_an_unsigned_record_needs_two_looks_a_minute_apart() -> None:
    watch = Watch().look(Outcome.PRESENT, ad=False)
    assert watch.claim.state is State.PENDING
    assert watch.claim.next_check_at == START + timedelta(seconds=60)
    watch.now += timedelta(seconds=59)
    assert watch.look(Outcome.PRESENT, ad=False).claim.state is State.PENDING
    watch.now += timedelta(seconds=1)
    assert watch.look(Outcome.PRESENT, ad=False).claim.state is State.VERIFIED


def test_a_denial_between_two_unsigned_looks_begins_anew() -> None:
    watch = Watch().look(Outcome.PRESENT, ad=False)
    watch.when_due(Outcome.ABSENT).when_due(Outcome.PRESENT, ad=False)
    assert watch.claim.state is State.PENDING
    assert watch.claim.first_seen_at == watch.now


def test_silence_between_two_unsigned_looks_does_not() -> None:
    watch = Watch().look(Outcome.PRESENT, ad=False).when_due(Outcome.UNKNOWN)
    assert watch.when_due(Outcome.PRESENT, ad=False).claim.state is State.VERIFIED


def test_a_claim_without_a_record_fails_after_its_lifetime() -> None:
    watch = Watch().until(State.FAILED, Outcome.ABSENT, limit=400)
    assert watch.now >= START + timedelta(days=14)
    assert watch.changes == [Failed(reason="no_record")]
    assert watch.claim.next_check_at is None


def test_silence_at_the_end_of_its_lifetime_does_not_fail_a_claim() -> None:
    watch = Watch(now=START + timedelta(days=15)).look(Outcome.UNKNOWN)
    assert watch.claim.state is State.PENDING
    assert watch.look(Outcome.PRESENT).claim.state is State.VERIFIED


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
    watch.when_due(Outcome.ABSENT)
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


def word(now: datetime, *, days: float = 7, approved_by: str = "bo", reason: str = "r") -> Override:
    return Override(now + timedelta(days=days), "ann", approved_by, reason)


def test_an_override_holds_without_a_record_until_its_day() -> None:
    watch = Watch().look(Outcome.ABSENT)
    step = override(watch.claim, word(watch.now), now=watch.now, policy=POLICY)
    assert step.claim.state is State.VERIFIED
    assert step.changes == (
        Verified("override", False, START + timedelta(days=7), "ann", "bo", "r"),
    )
    watch.claim = step.claim
    while watch.now < START + timedelta(days=7):
        assert watch.claim.state is State.VERIFIED
        watch.when_due(Outcome.ABSENT)
    assert watch.claim.state is State.GRACE


def test_an_override_that_dns_never_bore_out_ends_whatever_dns_says() -> None:
    watch = Watch().look(Outcome.UNKNOWN)
    watch.claim = override(watch.claim, word(watch.now), now=watch.now, policy=POLICY).claim
    while watch.now < START + timedelta(days=9):
        watch.when_due(Outcome.UNKNOWN, braked=True)
    assert watch.claim.state is State.VERIFIED
    watch.until(State.GRACE, Outcome.UNKNOWN)
    watch.until(State.LAPSED, Outcome.UNKNOWN)
    assert watch.now >= START + timedelta(days=14)
    assert [type(change) for change in watch.changes] == [*[GraceWarned] * 3, Lapsed]


def test_an_override_that_dns_bore_out_ends_in_an_ordinary_claim() -> None:
    watch = Watch()
    watch.claim = override(watch.claim, word(watch.now), now=watch.now, policy=POLICY).claim
    watch.when_due(Outcome.PRESENT)
    for _ in range(100):
        watch.when_due(Outcome.UNKNOWN)
    assert watch.claim.state is State.VERIFIED


def test_under_the_open_breaker_no_pending_claim_fails() -> None:
    watch = Watch().look(Outcome.PRESENT, ad=False)
    watch.now = START + timedelta(days=30)
    watch.look(Outcome.ABSENT, braked=True)
    assert watch.claim.state is State.PENDING
    assert watch.claim.first_seen_at is None
    watch.when_due(Outcome.ABSENT)
    assert watch.claim.state is State.FAILED


@pytest.mark.parametrize(
    ("bad", "slug"),
    [
        (word(START, days=31), "override_too_long"),
        (word(START, days=-1), "override_too_long"),
        (word(START, approved_by="Ann "), "second_person_missing"),
        (word(START, approved_by="cli:ann"), "second_person_missing"),
        (word(START, approved_by=" "), "second_person_missing"),
        (word(START, approved_by="ann:"), "second_person_missing"),
        (word(START, reason=" "), "reason_missing"),
    ],
)
def test_an_override_needs_two_people_a_reason_and_an_end(bad: Override, slug: str) -> None:
    with pytest.raises(InvalidError) as caught:
        override(pending(), bad, now=START, policy=POLICY)
    assert caught.value.slug == slug


def test_a_released_claim_is_over() -> None:
    step = release(verified().claim, now=START, actor="ann", reason="moved")
    assert step.claim.state is State.RELEASED
    assert step.changes == (Released(reason="moved", actor="ann"),)
    after = observe(step.claim, evidence(Outcome.PRESENT), Moment(START, POLICY))
    assert after.claim == step.claim
    assert after.changes == ()
    with pytest.raises(ConflictError):
        release(step.claim, now=START, actor="ann", reason="again")
    with pytest.raises(ConflictError):
        override(step.claim, word(START), now=START, policy=POLICY)


def test_a_proved_claim_to_a_taken_domain_waits_for_review() -> None:
    step = put_under_review(verified().claim, since=None, now=START, policy=POLICY)
    claim = step.claim
    assert step.changes == (ReviewBegan(),)
    assert claim.state is State.PENDING
    assert claim.review_since == START
    assert Watch(claim).when_due(Outcome.ABSENT).claim.review_since is None


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
    watch.claim = override(watch.claim, word(watch.now), now=watch.now, policy=POLICY).claim
    watch.look(Outcome.PRESENT, ad=False)
    assert watch.claim.proved_at is None
    assert watch.changes == []
    watch.now = START + timedelta(days=8)
    watch.look(Outcome.UNKNOWN)
    assert watch.claim.state is State.GRACE
    watch.look(Outcome.PRESENT, ad=False)
    assert watch.claim.state is State.GRACE
    watch.when_due(Outcome.PRESENT, ad=False)
    assert watch.claim.state is State.VERIFIED
    assert watch.claim.proved_at == watch.now
    assert watch.changes[-1] == Verified("dns", recovered=True)


def test_dns_bearing_out_an_override_is_told() -> None:
    watch = Watch()
    watch.claim = override(watch.claim, word(watch.now), now=watch.now, policy=POLICY).claim
    assert watch.look(Outcome.PRESENT).changes == [Verified("dns")]


def test_the_second_look_must_come_within_a_day_of_the_first() -> None:
    watch = Watch().look(Outcome.PRESENT, ad=False)
    watch.now += timedelta(hours=25)
    assert watch.look(Outcome.PRESENT, ad=False).claim.state is State.PENDING
    assert watch.when_due(Outcome.PRESENT, ad=False).claim.state is State.VERIFIED


def test_a_look_that_was_asked_for_leaves_the_schedule_as_it_is() -> None:
    watch = Watch().look(Outcome.ABSENT).when_due(Outcome.ABSENT)
    planned, looks = watch.claim.next_check_at, watch.claim.looks
    for _ in range(5):
        watch.now += timedelta(seconds=11)
        watch.look(Outcome.ABSENT, asked=True)
    assert watch.claim.next_check_at == planned
    assert watch.claim.looks == looks
    watch.look(Outcome.ABSENT, asked=True, retry_after=timedelta(hours=3))
    assert watch.claim.next_check_at == watch.now + timedelta(hours=3)


def test_a_tenant_without_the_right_proves_nothing() -> None:
    watch = Watch(refusal="Tenant acme is suspended.").look(Outcome.PRESENT)
    assert watch.claim.state is State.PENDING
    assert watch.claim.last_explanation is not None
    assert "Tenant acme is suspended." in watch.claim.last_explanation
    watch.refusal = None
    assert watch.when_due(Outcome.PRESENT).claim.state is State.VERIFIED
    late = Watch(refusal="Suspended.", now=START + timedelta(days=14)).look(Outcome.PRESENT)
    assert late.changes == [Failed(reason="not_entitled")]


@given(st.lists(st.tuples(st.sampled_from(Outcome), st.booleans(), st.floats(0, 200))))
def test_whatever_dns_says_the_promises_hold(story: list[tuple[Outcome, bool, float]]) -> None:
    watch = Watch()
    for outcome, braked, hours in story:
        watch.now += timedelta(hours=hours)
        before = watch.claim
        watch.look(outcome, braked=braked)
        after = watch.claim
        if outcome is Outcome.UNKNOWN and before.state in HOLDING:
            assert after.state is before.state
        if before.state in HOLDING and after.state is not before.state:
            assert outcome is Outcome.PRESENT or (outcome is Outcome.ABSENT and not braked)
        if after.state is State.LAPSED:
            assert before.state in {State.GRACE, State.LAPSED}
        live = after.state in HOLDING or after.state is State.PENDING
        assert (after.next_check_at is not None) == live
        if after.next_check_at is not None:
            assert after.next_check_at > watch.now
        assert after == replace(after, tenant_id=before.tenant_id, token=before.token)
