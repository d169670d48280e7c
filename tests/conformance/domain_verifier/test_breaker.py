"""The breaker as it is wired: nothing is taken away while many domains are absent at once."""

from datetime import timedelta

import pytest

from domain_verifier.domain.claim import Claim, State
from domain_verifier.domain.errors import ConflictError
from domain_verifier.domain.evidence import Outcome
from domain_verifier.domain.policy import Policy
from support.dns_harness import House, verified


async def held_by_one(house: House, *domains: str) -> list[Claim]:
    """Return the claims of one new tenant that holds all these domains."""
    tenant = await house.add_tenant(domains[0])
    claims = [await house.claim(tenant, domain) for domain in domains]
    become(house, claims, Outcome.PRESENT)
    assert await house.sweep() == len(domains)
    return claims


async def held_by_each(house: House, size: int) -> list[Claim]:
    """Return as many claims of as many tenants, each of which holds one domain."""
    return [await verified(house, f"t{number}", f"d{number}.test") for number in range(size)]


def become(house: House, claims: list[Claim], outcome: Outcome) -> None:
    for claim in claims:
        house.dns.says(claim.domain.ascii, outcome)


async def pass_looking(house: House, *, times: int, hours: float = 8) -> None:
    for _ in range(times):
        house.clock.pass_(hours=hours)
        await house.sweep()


async def test_the_breaker_stops_what_our_own_fault_would_take(house: House) -> None:
    claims = await held_by_one(house, *(f"d{number}.test" for number in range(30)))
    become(house, claims[:25], Outcome.ABSENT)
    await pass_looking(house, times=60)
    assert (await house.breakers.current()).opened_at is not None
    found = [await house.now(claim) for claim in claims]
    assert {claim.state for claim in found} == {State.VERIFIED}
    assert {claim.absent_count for claim in found} == {0}
    become(house, claims[:20], Outcome.PRESENT)
    house.clock.pass_(hours=12)
    await house.sweep()
    await house.sweep()
    assert (await house.breakers.current()).opened_at is None


async def test_an_operator_can_accept_that_many_domains_are_gone(house: House) -> None:
    claims = await held_by_one(house, *(f"d{number}.test" for number in range(30)))
    become(house, claims[:25], Outcome.ABSENT)
    await pass_looking(house, times=6)
    assert (await house.breakers.current()).opened_at is not None
    house.clock.pass_(minutes=1)
    await house.accept()
    accepted = (await house.breakers.log(limit=1))[0]
    assert (accepted.action, accepted.actor) == ("closed", "ann")
    await pass_looking(house, times=6)
    assert (await house.breakers.current()).opened_at is None
    assert (await house.now(claims[0])).state is State.GRACE
    assert (await house.now(claims[29])).state is State.VERIFIED


async def test_a_few_lost_domains_do_not_trip_the_breaker(house: House) -> None:
    claims = await held_by_one(house, *(f"d{number}.test" for number in range(30)))
    become(house, claims[:14], Outcome.ABSENT)
    await pass_looking(house, times=9)
    assert not (await house.breakers.current()).is_open
    assert (await house.now(claims[0])).state is State.GRACE


async def test_subdomains_of_one_tenant_do_not_hold_up_the_others(house: House) -> None:
    claims = await held_by_one(house, *(f"d{number}.acme.test" for number in range(25)))
    await held_by_one(house, *(f"d{number}.test" for number in range(5)))
    become(house, claims, Outcome.ABSENT)
    await pass_looking(house, times=9)
    assert not (await house.breakers.current()).is_open
    assert (await house.now(claims[0])).state is State.GRACE


async def test_a_small_fleet_that_vanishes_trips_the_breaker(house: House) -> None:
    claims = await held_by_each(house, 4)
    become(house, claims, Outcome.ABSENT)
    await pass_looking(house, times=60)
    assert {(await house.now(claim)).state for claim in claims} == {State.VERIFIED}
    [opened] = await house.breakers.log(limit=10)
    assert (opened.action, opened.actor) == ("opened", "checks")


async def test_suspects_are_counted_before_anything_is_taken_away(house: House) -> None:
    claims = await held_by_each(house, 4)
    become(house, claims, Outcome.ABSENT)
    for _ in range(9):
        house.clock.pass_(hours=8)
        for lease in await house.claims.lease_due(house.clock.now(), limit=10):
            await house.examine()(lease)
    assert (await house.breakers.current()).is_open
    assert {(await house.now(claim)).state for claim in claims} == {State.VERIFIED}


async def test_a_look_by_hand_takes_nothing_away_under_the_open_breaker(house: House) -> None:
    claims = await held_by_each(house, 4)
    become(house, claims, Outcome.ABSENT)
    for _ in range(9):
        house.clock.pass_(hours=8)
        for claim in claims:
            await house.check(claim)
    assert {(await house.now(claim)).state for claim in claims} == {State.VERIFIED}
    become(house, claims, Outcome.PRESENT)
    for claim in claims:
        await house.check(claim)
    await house.sweep()
    assert not (await house.breakers.current()).is_open


async def test_a_closed_breaker_has_nothing_to_accept(house: House) -> None:
    with pytest.raises(ConflictError):
        await house.accept()
    assert (await house.breakers.current()).accepted_at is None
    assert await house.breakers.log(limit=10) == []


@pytest.mark.parametrize("size", [4, 12])
async def test_a_slow_schedule_does_not_hide_a_fault(house: House, size: int) -> None:
    house.policy = Policy(recheck_every=timedelta(days=7))
    claims = []
    for number in range(size):
        claims.append(await verified(house, f"t{number}", f"d{number}.test"))
        house.clock.pass_(hours=7 * 24 / size)
    become(house, claims, Outcome.ABSENT)
    await pass_looking(house, times=100)
    states = [(await house.now(claim)).state for claim in claims]
    assert State.LAPSED not in states
    assert (await house.breakers.current()).is_open


async def test_silence_between_does_not_hide_a_fault(house: House) -> None:
    claims = await held_by_each(house, 4)
    become(house, claims[:2], Outcome.ABSENT)
    house.clock.pass_(hours=24)
    await house.sweep()
    for outcome, hours in ((Outcome.UNKNOWN, 60), (Outcome.ABSENT, 400)):
        become(house, claims, outcome)
        await pass_looking(house, times=hours // 4, hours=4)
    assert {(await house.now(claim)).state for claim in claims} == {State.VERIFIED}


async def test_what_was_accepted_is_logged_with_its_count(house: House) -> None:
    claims = await held_by_each(house, 4)
    become(house, claims, Outcome.ABSENT)
    house.clock.pass_(hours=24)
    await house.sweep()
    await house.sweep()
    await house.accept()
    [accepted, opened] = await house.breakers.log(limit=9)
    assert accepted.details["suspects"] == opened.details["suspects"] == 4
    assert accepted.details["reason"] == "their provider has closed"
