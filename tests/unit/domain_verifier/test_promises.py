"""Whatever DNS, rivals, operators and the breaker do, in any order: what a holder is promised."""

import random
from dataclasses import dataclass, replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from domain_verifier.domain.breaker import Breaker
from domain_verifier.domain.changes import GraceWarned, Lapsed
from domain_verifier.domain.claim import HOLDING, State, override
from domain_verifier.domain.evidence import Outcome
from support.dns_scenario import POLICY, Watch, word


@dataclass(frozen=True)
class Event:
    """One look and its circumstances."""

    outcome: Outcome
    ad: bool
    hours: float | None
    """Hours since the last one; None: when it is due."""
    braked: bool
    contested: bool
    asked: bool
    overridden: bool


def story_of(seed: int) -> list[Event]:
    """Return looks by chance; in some stories the record is hardly ever there.

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
            braked=chance.random() < rarely,
            contested=chance.random() < contested,
            asked=chance.random() < 0.2,
            overridden=chance.random() < rarely / 5,
        )
        for _ in range(150)
    ]


def told(watch: Watch) -> list[GraceWarned]:
    return [change for change in watch.changes if isinstance(change, GraceWarned)]


def live(watch: Watch, event: Event) -> None:
    """Let one event happen."""
    due = watch.claim.next_check_at
    if event.hours is None and due is not None:
        watch.now = max(watch.now, due)
    else:
        watch.now += timedelta(hours=event.hours or 1)
    if event.overridden and watch.claim.state in HOLDING:
        watch.claim = override(watch.claim, word(), now=watch.now, policy=POLICY).claim
    since = (watch.claim.contested_since or watch.now) if event.contested else None
    watch.claim = replace(watch.claim, contested_since=since)
    if event.braked:
        watch.breaker = Breaker(closed_at=watch.now)
    watch.look(event.outcome, ad=event.ad, braked=event.braked, asked=event.asked)


@settings(max_examples=400)
@given(st.integers(0, 2**32))
def test_a_proved_domain_is_lost_only_as_announced(seed: int) -> None:
    watch = Watch().look(Outcome.PRESENT)
    watch.changes.clear()
    denied_at: list[timedelta] = []
    began = watch.now
    for event in story_of(seed):
        before, warnings = watch.claim, told(watch)
        live(watch, event)
        after = watch.claim
        if event.outcome is Outcome.PRESENT:
            denied_at.clear()
            assert after.state is State.VERIFIED
        elif event.braked or event.outcome is Outcome.UNKNOWN:
            assert after.state is before.state or event.overridden
            assert told(watch) == warnings or not event.braked
        if event.braked:
            denied_at.clear()
        elif event.outcome is Outcome.ABSENT:
            denied_at.append(watch.now - began)
        if before.state is State.VERIFIED and after.state is State.GRACE:
            assert not event.braked
            assert len(denied_at) >= 3
            assert denied_at[-1] - denied_at[0] >= timedelta(hours=1)
            assert len(told(watch)) == len(warnings) + 1
        if after.state is State.LAPSED:
            assert warnings[-1].ends_at <= watch.now
            assert isinstance(watch.changes[-1], Lapsed)
            assert len(denied_at) >= 3
            return
        assert after.next_check_at is not None
        assert after.next_check_at > watch.now


@given(st.integers(1, 5), st.booleans())
def test_a_lost_record_is_noticed_in_the_end(rounds: int, contested: bool) -> None:
    """No wait, and no state, keeps a domain for ever whose record is really gone."""
    watch = Watch().look(Outcome.PRESENT)
    for _ in range(rounds):
        watch.until(State.GRACE, Outcome.ABSENT).when_due(Outcome.PRESENT)
    if contested:
        watch.claim = replace(watch.claim, contested_since=watch.now)
    gone = watch.now
    watch.until(State.LAPSED, Outcome.ABSENT)
    assert watch.now - gone < timedelta(days=4 if contested else 10)
