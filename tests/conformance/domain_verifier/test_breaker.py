"""The breaker as it is wired: nothing is taken away while many domains are absent at once."""

from datetime import timedelta

import pytest

from domain_verifier.domain.claim import Claim, State
from domain_verifier.domain.evidence import Outcome
from domain_verifier.domain.policy import Policy
from kernel.errors import ConflictError
from support.dns_harness import Harness, verified


async def held_by_one(harness: Harness, *domains: str) -> list[Claim]:
    """Return the claims of one new tenant that holds all these domains."""
    tenant = await harness.add_tenant(domains[0])
    claims = [await harness.claim(tenant, domain) for domain in domains]
    become(harness, claims, Outcome.PRESENT)
    assert await harness.sweep() == len(domains)
    return claims


async def held_by_each(harness: Harness, size: int) -> list[Claim]:
    """Return as many claims of as many tenants, each of which holds one domain."""
    return [await verified(harness, f"t{number}", f"d{number}.test") for number in range(size)]


def become(harness: Harness, claims: list[Claim], outcome: Outcome) -> None:
    for claim in claims:
        harness.dns.says(claim.domain.ascii, outcome)


async def pass_checking(harness: Harness, *, times: int, hours: float = 8) -> None:
    for _ in range(times):
        harness.clock.advance(hours=hours)
        await harness.sweep()


async def test_the_breaker_stops_what_our_own_fault_would_take(harness: Harness) -> None:
    claims = await held_by_one(harness, *(f"d{number}.test" for number in range(30)))
    become(harness, claims[:25], Outcome.ABSENT)
    await pass_checking(harness, times=60)
    assert (await harness.breakers.current()).opened_at is not None
    found = [await harness.now(claim) for claim in claims]
    assert {claim.state for claim in found} == {State.VERIFIED}
    assert {claim.absent_count for claim in found} == {0}
    become(harness, claims[:20], Outcome.PRESENT)
    harness.clock.advance(hours=12)
    await harness.sweep()
    await harness.sweep()
    assert (await harness.breakers.current()).opened_at is None


async def test_an_operator_can_accept_that_many_domains_are_gone(harness: Harness) -> None:
    claims = await held_by_one(harness, *(f"d{number}.test" for number in range(30)))
    become(harness, claims[:25], Outcome.ABSENT)
    await pass_checking(harness, times=6)
    assert (await harness.breakers.current()).opened_at is not None
    harness.clock.advance(minutes=1)
    await harness.accept()
    accepted = (await harness.breakers.log(limit=1))[0]
    assert (accepted.action, accepted.actor) == ("closed", "ann")
    await pass_checking(harness, times=6)
    assert (await harness.breakers.current()).opened_at is None
    assert (await harness.now(claims[0])).state is State.GRACE
    assert (await harness.now(claims[29])).state is State.VERIFIED


async def test_a_few_lost_domains_do_not_trip_the_breaker(harness: Harness) -> None:
    claims = await held_by_one(harness, *(f"d{number}.test" for number in range(30)))
    become(harness, claims[:14], Outcome.ABSENT)
    await pass_checking(harness, times=9)
    assert not (await harness.breakers.current()).is_open
    assert (await harness.now(claims[0])).state is State.GRACE


async def test_subdomains_of_one_tenant_do_not_hold_up_the_others(harness: Harness) -> None:
    claims = await held_by_one(harness, *(f"d{number}.acme.test" for number in range(25)))
    await held_by_one(harness, *(f"d{number}.test" for number in range(5)))
    become(harness, claims, Outcome.ABSENT)
    await pass_checking(harness, times=9)
    assert not (await harness.breakers.current()).is_open
    assert (await harness.now(claims[0])).state is State.GRACE


async def test_a_small_fleet_that_vanishes_trips_the_breaker(harness: Harness) -> None:
    claims = await held_by_each(harness, 4)
    become(harness, claims, Outcome.ABSENT)
    await pass_checking(harness, times=60)
    assert {(await harness.now(claim)).state for claim in claims} == {State.VERIFIED}
    [opened] = await harness.breakers.log(limit=10)
    assert (opened.action, opened.actor) == ("opened", "checks")


async def test_suspects_are_counted_before_anything_is_taken_away(harness: Harness) -> None:
    claims = await held_by_each(harness, 4)
    become(harness, claims, Outcome.ABSENT)
    for _ in range(9):
        harness.clock.advance(hours=8)
        for lease in await harness.claims.lease_due(harness.clock.now(), limit=10):
            await harness.run_check()(lease)
    assert (await harness.breakers.current()).is_open
    assert {(await harness.now(claim)).state for claim in claims} == {State.VERIFIED}


async def test_a_check_by_hand_takes_nothing_away_under_the_open_breaker(harness: Harness) -> None:
    claims = await held_by_each(harness, 4)
    become(harness, claims, Outcome.ABSENT)
    for _ in range(9):
        harness.clock.advance(hours=8)
        for claim in claims:
            await harness.check(claim)
    assert {(await harness.now(claim)).state for claim in claims} == {State.VERIFIED}
    become(harness, claims, Outcome.PRESENT)
    for claim in claims:
        await harness.check(claim)
    await harness.sweep()
    assert not (await harness.breakers.current()).is_open


async def test_a_closed_breaker_has_nothing_to_accept(harness: Harness) -> None:
    with pytest.raises(ConflictError):
        await harness.accept()
    assert (await harness.breakers.current()).accepted_at is None
    assert await harness.breakers.log(limit=10) == []


@pytest.mark.parametrize("size", [4, 12])
async def test_a_slow_schedule_does_not_hide_a_fault(harness: Harness, size: int) -> None:
    harness.policy = Policy(recheck_every=timedelta(days=7))
    claims = []
    for number in range(size):
        claims.append(await verified(harness, f"t{number}", f"d{number}.test"))
        harness.clock.advance(hours=7 * 24 / size)
    become(harness, claims, Outcome.ABSENT)
    await pass_checking(harness, times=100)
    states = [(await harness.now(claim)).state for claim in claims]
    assert State.LAPSED not in states
    assert (await harness.breakers.current()).is_open


async def test_silence_between_does_not_hide_a_fault(harness: Harness) -> None:
    claims = await held_by_each(harness, 4)
    become(harness, claims[:2], Outcome.ABSENT)
    harness.clock.advance(hours=24)
    await harness.sweep()
    for outcome, hours in ((Outcome.UNKNOWN, 60), (Outcome.ABSENT, 400)):
        become(harness, claims, outcome)
        await pass_checking(harness, times=hours // 4, hours=4)
    assert {(await harness.now(claim)).state for claim in claims} == {State.VERIFIED}


async def test_what_was_accepted_is_logged_with_its_count(harness: Harness) -> None:
    claims = await held_by_each(harness, 4)
    become(harness, claims, Outcome.ABSENT)
    harness.clock.advance(hours=24)
    await harness.sweep()
    await harness.sweep()
    await harness.accept()
    [accepted, opened] = await harness.breakers.log(limit=9)
    assert accepted.details["suspects"] == opened.details["suspects"] == 4
    assert accepted.details["reason"] == "their provider has closed"
