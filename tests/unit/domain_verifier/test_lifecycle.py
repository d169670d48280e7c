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
from domain_verifier.domain.check_context import CheckContext
from domain_verifier.domain.claim import (
    IN_REVIEW_EXPLANATION,
    State,
    new_claim,
    put_under_review,
    release,
)
from domain_verifier.domain.evidence import Outcome
from domain_verifier.domain.lifecycle import apply_check
from domain_verifier.domain.name import DomainName
from domain_verifier.domain.override import override
from kernel.errors import ConflictError, InvalidError
from support.dns_scenario import POLICY, START, ClaimScenario, evidence, override_request, verified


def test_a_new_claim_is_due_at_once() -> None:
    transition = new_claim(
        tenant_id=UUID(int=1),
        claim_id=UUID(int=2),
        domain=DomainName("acme.test", "acme.test"),
        token="t",
        now=START,
        policy=POLICY,
    )
    assert transition.claim.next_check_at == START
    assert transition.changes == (Claimed(),)


def test_a_pending_claim_is_checked_less_and_less_often() -> None:
    scenario = ClaimScenario()
    waits = []
    for _ in range(7):
        scenario.when_due(Outcome.ABSENT)
        assert scenario.claim.next_check_at is not None
        waits.append(scenario.claim.next_check_at - scenario.now)
    assert [wait.total_seconds() for wait in waits] == [30, 120, 600, 1800, 3600, 3600, 3600]


def test_no_check_comes_before_the_negative_ttl_has_passed() -> None:
    scenario = ClaimScenario().check(Outcome.ABSENT, retry_after=timedelta(minutes=45))
    assert scenario.claim.next_check_at == START + timedelta(minutes=45)


def test_an_authenticated_record_verifies_at_once() -> None:
    scenario = ClaimScenario().check(Outcome.PRESENT)
    assert scenario.claim.state is State.VERIFIED
    assert scenario.claim.verified_at == START
    assert scenario.changes == [Verified("dns")]


def test_an_unsigned_record_needs_two_checks_a_minute_apart() -> None:
    scenario = ClaimScenario().check(Outcome.PRESENT, ad=False)
    assert scenario.claim.state is State.PENDING
    assert scenario.claim.next_check_at == START + timedelta(seconds=60)
    assert scenario.claim.last_explanation is not None
    assert "once more in 1 minute" in scenario.claim.last_explanation
    scenario.now += timedelta(seconds=59)
    assert scenario.check(Outcome.PRESENT, ad=False).claim.state is State.PENDING
    scenario.now += timedelta(seconds=1)
    assert scenario.check(Outcome.PRESENT, ad=False).claim.state is State.VERIFIED


def test_an_absence_between_two_unsigned_checks_begins_anew() -> None:
    scenario = ClaimScenario().check(Outcome.PRESENT, ad=False)
    scenario.when_due(Outcome.ABSENT).when_due(Outcome.PRESENT, ad=False)
    assert scenario.claim.state is State.PENDING
    assert scenario.claim.first_seen_at == scenario.now


def test_silence_between_two_unsigned_checks_does_not() -> None:
    scenario = ClaimScenario().check(Outcome.PRESENT, ad=False).when_due(Outcome.UNKNOWN)
    assert scenario.when_due(Outcome.PRESENT, ad=False).claim.state is State.VERIFIED


def test_a_claim_without_a_record_fails_after_its_lifetime() -> None:
    scenario = ClaimScenario().until(State.FAILED, Outcome.ABSENT, limit=400)
    assert scenario.now >= START + timedelta(days=14)
    assert scenario.changes == [Failed(reason="no_record")]
    assert scenario.claim.next_check_at is None


def test_silence_at_the_end_of_its_lifetime_does_not_fail_a_claim() -> None:
    scenario = ClaimScenario(now=START + timedelta(days=15)).check(Outcome.UNKNOWN)
    assert scenario.claim.state is State.PENDING
    assert scenario.check(Outcome.PRESENT).claim.state is State.VERIFIED


def test_under_the_open_breaker_no_pending_claim_fails() -> None:
    scenario = ClaimScenario().check(Outcome.PRESENT, ad=False)
    scenario.now = START + timedelta(days=30)
    scenario.check(Outcome.ABSENT, breaker_open=True)
    assert scenario.claim.state is State.PENDING
    assert scenario.claim.first_seen_at is None
    assert scenario.when_due(Outcome.ABSENT).claim.state is State.FAILED


def test_a_released_claim_is_over() -> None:
    transition = release(verified().claim, now=START, actor="ann", reason="moved")
    assert transition.claim.state is State.RELEASED
    assert transition.changes == (Released(reason="moved", actor="ann"),)
    after = apply_check(transition.claim, evidence(Outcome.PRESENT), CheckContext(START, POLICY))
    assert after.claim == transition.claim
    assert after.changes == ()
    for reason in (" ", "a\nb", "\udcff", "x" * 501):
        with pytest.raises(InvalidError):
            release(verified().claim, now=START, actor="ann", reason=reason)
    with pytest.raises(ConflictError):
        release(transition.claim, now=START, actor="ann", reason="again")
    with pytest.raises(ConflictError):
        override(transition.claim, override_request(), now=START, policy=POLICY)


def test_a_proved_claim_to_a_taken_domain_waits_for_review() -> None:
    transition = put_under_review(verified().claim, since=None, now=START, policy=POLICY)
    claim = transition.claim
    assert transition.changes == (ReviewBegan(),)
    assert claim.state is State.PENDING
    assert claim.review_since == START
    assert ClaimScenario(claim).when_due(Outcome.ABSENT).claim.review_since is None


def test_the_second_check_must_come_within_a_day_of_the_first() -> None:
    scenario = ClaimScenario().check(Outcome.PRESENT, ad=False)
    scenario.now += timedelta(hours=25)
    assert scenario.check(Outcome.PRESENT, ad=False).claim.state is State.PENDING
    assert scenario.when_due(Outcome.PRESENT, ad=False).claim.state is State.VERIFIED


def test_a_check_that_was_requested_leaves_the_schedule_as_it_is() -> None:
    scenario = ClaimScenario().check(Outcome.ABSENT).when_due(Outcome.ABSENT)
    planned, check_count = scenario.claim.next_check_at, scenario.claim.check_count
    for _ in range(5):
        scenario.now += timedelta(seconds=11)
        scenario.check(Outcome.ABSENT, requested=True)
    assert scenario.claim.next_check_at == planned
    assert scenario.claim.check_count == check_count
    scenario.check(Outcome.ABSENT, requested=True, retry_after=timedelta(hours=3))
    assert scenario.claim.next_check_at == scenario.now + timedelta(hours=3)


def test_a_tenant_without_the_right_proves_nothing() -> None:
    scenario = ClaimScenario(refusal="Tenant acme is suspended.").check(Outcome.PRESENT)
    assert scenario.claim.state is State.PENDING
    assert scenario.claim.last_explanation is not None
    assert "Tenant acme is suspended." in scenario.claim.last_explanation
    scenario.refusal = None
    assert scenario.when_due(Outcome.PRESENT).claim.state is State.VERIFIED
    late = ClaimScenario(refusal="Suspended.", now=START + timedelta(days=14)).check(
        Outcome.PRESENT
    )
    assert late.changes == [Failed(reason="not_entitled")]


@pytest.mark.parametrize("outcome", [Outcome.ABSENT, Outcome.UNKNOWN])
def test_a_review_may_take_longer_than_a_claim_lives(outcome: Outcome) -> None:
    scenario = ClaimScenario().check(Outcome.PRESENT)
    scenario.claim = put_under_review(scenario.claim, since=None, now=START, policy=POLICY).claim
    scenario.now = START + timedelta(days=60)
    scenario.check(outcome)
    assert scenario.claim.state is State.PENDING
    assert (scenario.claim.review_since is None) is (outcome is Outcome.ABSENT)
    scenario.when_due(Outcome.ABSENT).when_due(Outcome.ABSENT)
    assert scenario.claim.state is State.PENDING
    assert scenario.when_due(Outcome.PRESENT).claim.state is State.VERIFIED


def test_an_ended_claim_is_in_no_review() -> None:
    scenario = ClaimScenario().check(Outcome.PRESENT)
    waiting = put_under_review(scenario.claim, since=None, now=START, policy=POLICY).claim
    ended = release(waiting, now=START, actor="ann", reason="moved").claim
    assert ended.review_since is None


def test_a_review_is_explained_at_every_check_that_proves_the_claim() -> None:
    scenario = ClaimScenario().check(Outcome.PRESENT)
    scenario.claim = put_under_review(scenario.claim, since=None, now=START, policy=POLICY).claim
    assert scenario.claim.last_explanation == IN_REVIEW_EXPLANATION
    scenario.now += timedelta(days=2)
    assert scenario.check(Outcome.PRESENT, ad=False).claim.last_explanation == IN_REVIEW_EXPLANATION


def test_a_tenant_without_the_right_contests_nothing() -> None:
    scenario = ClaimScenario().check(Outcome.PRESENT)
    scenario.claim = put_under_review(scenario.claim, since=None, now=START, policy=POLICY).claim
    scenario.refusal = "Suspended."
    assert scenario.when_due(Outcome.PRESENT).claim.review_since is None


@given(st.lists(st.tuples(st.sampled_from(Outcome), st.booleans(), st.floats(0, 200))))
def test_whatever_dns_says_the_promises_hold(story: list[tuple[Outcome, bool, float]]) -> None:
    scenario = ClaimScenario()
    for outcome, breaker_open, hours in story:
        scenario.now += timedelta(hours=hours)
        before = scenario.claim
        scenario.check(outcome, breaker_open=breaker_open)
        after = scenario.claim
        if outcome is Outcome.UNKNOWN and before.holds_domain:
            assert after.state is before.state
        if before.holds_domain and after.state is not before.state:
            assert outcome is Outcome.PRESENT or (outcome is Outcome.ABSENT and not breaker_open)
        if after.state is State.LAPSED:
            assert before.state in {State.GRACE, State.LAPSED}
        live = after.holds_domain or after.state is State.PENDING
        assert (after.next_check_at is not None) == live
        if after.next_check_at is not None:
            assert after.next_check_at > scenario.now
        assert after == replace(after, tenant_id=before.tenant_id, token=before.token)
