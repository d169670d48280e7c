"""The state machine of claims, driven by a clock."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain_verifier.domain.changes import (
    Claimed,
    Failed,
    Released,
    ReviewBegan,
    Verified,
)
from domain_verifier.domain.check_context import Moment
from domain_verifier.domain.claim import (
    HOLDING,
    IN_REVIEW,
    State,
    new_claim,
    override,
    put_under_review,
    release,
)
from domain_verifier.domain.errors import ConflictError, InvalidError
from domain_verifier.domain.evidence import Outcome
from domain_verifier.domain.lifecycle import observe
from domain_verifier.domain.name import DomainName
from support.dns_scenario import POLICY, START, Watch, evidence, verified, word


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
    assert watch.claim.last_explanation is not None
    assert "once more in 1 minute" in watch.claim.last_explanation
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


def test_under_the_open_breaker_no_pending_claim_fails() -> None:
    watch = Watch().look(Outcome.PRESENT, ad=False)
    watch.now = START + timedelta(days=30)
    watch.look(Outcome.ABSENT, braked=True)
    assert watch.claim.state is State.PENDING
    assert watch.claim.first_seen_at is None
    assert watch.when_due(Outcome.ABSENT).claim.state is State.FAILED


def test_a_released_claim_is_over() -> None:
    step = release(verified().claim, now=START, actor="ann", reason="moved")
    assert step.claim.state is State.RELEASED
    assert step.changes == (Released(reason="moved", actor="ann"),)
    after = observe(step.claim, evidence(Outcome.PRESENT), Moment(START, POLICY))
    assert after.claim == step.claim
    assert after.changes == ()
    for reason in (" ", "a\nb", "\udcff", "x" * 501):
        with pytest.raises(InvalidError):
            release(verified().claim, now=START, actor="ann", reason=reason)
    with pytest.raises(ConflictError):
        release(step.claim, now=START, actor="ann", reason="again")
    with pytest.raises(ConflictError):
        override(step.claim, word(), now=START, policy=POLICY)


def test_a_proved_claim_to_a_taken_domain_waits_for_review() -> None:
    step = put_under_review(verified().claim, since=None, now=START, policy=POLICY)
    claim = step.claim
    assert step.changes == (ReviewBegan(),)
    assert claim.state is State.PENDING
    assert claim.review_since == START
    assert Watch(claim).when_due(Outcome.ABSENT).claim.review_since is None


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


@pytest.mark.parametrize("outcome", [Outcome.ABSENT, Outcome.UNKNOWN])
def test_a_review_may_take_longer_than_a_claim_lives(outcome: Outcome) -> None:
    watch = Watch().look(Outcome.PRESENT)
    watch.claim = put_under_review(watch.claim, since=None, now=START, policy=POLICY).claim
    watch.now = START + timedelta(days=60)
    watch.look(outcome)
    assert watch.claim.state is State.PENDING
    assert (watch.claim.review_since is None) is (outcome is Outcome.ABSENT)
    watch.when_due(Outcome.ABSENT).when_due(Outcome.ABSENT)
    assert watch.claim.state is State.PENDING
    assert watch.when_due(Outcome.PRESENT).claim.state is State.VERIFIED


def test_an_ended_claim_is_in_no_review() -> None:
    watch = Watch().look(Outcome.PRESENT)
    waiting = put_under_review(watch.claim, since=None, now=START, policy=POLICY).claim
    ended = release(waiting, now=START, actor="ann", reason="moved").claim
    assert ended.review_since is None


def test_a_review_is_told_at_every_look_that_proves_the_claim() -> None:
    watch = Watch().look(Outcome.PRESENT)
    watch.claim = put_under_review(watch.claim, since=None, now=START, policy=POLICY).claim
    assert watch.claim.last_explanation == IN_REVIEW
    watch.now += timedelta(days=2)
    assert watch.look(Outcome.PRESENT, ad=False).claim.last_explanation == IN_REVIEW


def test_a_tenant_without_the_right_contests_nothing() -> None:
    watch = Watch().look(Outcome.PRESENT)
    watch.claim = put_under_review(watch.claim, since=None, now=START, policy=POLICY).claim
    watch.refusal = "Suspended."
    assert watch.when_due(Outcome.PRESENT).claim.review_since is None


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
