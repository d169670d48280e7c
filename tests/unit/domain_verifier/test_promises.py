"""Whatever DNS, rivals, operators and the breaker do, in any order: what a holder is promised."""

import random
from dataclasses import dataclass, replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from domain_verifier.domain.breaker import Breaker
from domain_verifier.domain.changes import GraceWarned, Lapsed
from domain_verifier.domain.claim import State
from domain_verifier.domain.evidence import Outcome
from domain_verifier.domain.override import override
from support.dns_scenario import POLICY, ClaimScenario, override_request


@dataclass(frozen=True)
class Event:
    """One check and its circumstances."""

    outcome: Outcome
    ad: bool
    hours: float | None
    """Hours since the last one; None: when it is due."""
    breaker_open: bool
    contested: bool
    requested: bool
    is_overridden: bool


def story_of(seed: int) -> list[Event]:
    """Return checks by chance; in some stories the record is hardly ever there.

    Drawn from a seed, for Hypothesis' own choices nearly never deny a record for weeks.
    """
    chance = random.Random(seed)
    presents, rarely = chance.choice([(0.1, 0.1), (0.0, 0.002), (0.01, 0.01)])
    contested = chance.choice([0.0, 0.3, 1.0])
    weights = [1 - presents - 0.08, 0.08, presents]
    outcomes = (Outcome.ABSENT, Outcome.UNKNOWN, Outcome.PRESENT)
    return [
        Event(
            outcome=chance.choices(outcomes, weights)[0],
            ad=chance.random() < 0.8,
            hours=None if chance.random() < 0.9 else chance.uniform(0, 30),
            breaker_open=chance.random() < rarely,
            contested=chance.random() < contested,
            requested=chance.random() < 0.2,
            is_overridden=chance.random() < rarely / 5,
        )
        for _ in range(150)
    ]


def warnings_of(scenario: ClaimScenario) -> list[GraceWarned]:
    return [change for change in scenario.changes if isinstance(change, GraceWarned)]


def live(scenario: ClaimScenario, event: Event) -> None:
    """Let one event happen."""
    due = scenario.claim.next_check_at
    if event.hours is None and due is not None:
        scenario.now = max(scenario.now, due)
    else:
        scenario.now += timedelta(hours=event.hours or 1)
    if event.is_overridden and scenario.claim.holds_domain:
        scenario.claim = override(
            scenario.claim, override_request(), now=scenario.now, policy=POLICY
        ).claim
    since = (scenario.claim.contested_since or scenario.now) if event.contested else None
    scenario.claim = replace(scenario.claim, contested_since=since)
    if event.breaker_open:
        scenario.breaker = Breaker(closed_at=scenario.now)
    scenario.check(
        event.outcome, ad=event.ad, breaker_open=event.breaker_open, requested=event.requested
    )


@settings(max_examples=400)
@given(st.integers(0, 2**32))
def test_a_proved_domain_is_lost_only_as_announced(seed: int) -> None:
    scenario = ClaimScenario().check(Outcome.PRESENT)
    scenario.changes.clear()
    denied_at: list[timedelta] = []
    began = scenario.now
    for event in story_of(seed):
        before, warnings = scenario.claim, warnings_of(scenario)
        live(scenario, event)
        after = scenario.claim
        if event.outcome is Outcome.PRESENT:
            denied_at.clear()
            assert after.state is State.VERIFIED
        elif event.breaker_open or event.outcome is Outcome.UNKNOWN:
            assert after.state is before.state or event.is_overridden
            assert warnings_of(scenario) == warnings or not event.breaker_open
        if event.breaker_open:
            denied_at.clear()
        elif event.outcome is Outcome.ABSENT:
            denied_at.append(scenario.now - began)
        if before.state is State.VERIFIED and after.state is State.GRACE:
            assert not event.breaker_open
            assert len(denied_at) >= 3
            assert denied_at[-1] - denied_at[0] >= timedelta(hours=1)
            assert len(warnings_of(scenario)) == len(warnings) + 1
        if after.state is State.LAPSED:
            assert warnings[-1].ends_at <= scenario.now
            assert isinstance(scenario.changes[-1], Lapsed)
            assert len(denied_at) >= 3
            return
        assert after.next_check_at is not None
        assert after.next_check_at > scenario.now


@given(st.integers(1, 5), st.booleans())
def test_a_lost_record_is_noticed_in_the_end(rounds: int, contested: bool) -> None:
    """No wait, and no state, keeps a domain for ever whose record is really gone."""
    scenario = ClaimScenario().check(Outcome.PRESENT)
    for _ in range(rounds):
        scenario.until(State.GRACE, Outcome.ABSENT).when_due(Outcome.PRESENT)
    if contested:
        scenario.claim = replace(scenario.claim, contested_since=scenario.now)
    gone = scenario.now
    scenario.until(State.LAPSED, Outcome.ABSENT)
    assert scenario.now - gone < timedelta(days=4 if contested else 10)
