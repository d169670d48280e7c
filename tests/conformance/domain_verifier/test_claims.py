"""What every store of claims must do, and the use cases on it."""

from datetime import timedelta

import pytest

from domain_verifier.domain.claim import State
from domain_verifier.domain.errors import (
    ConflictError,
    ForbiddenError,
    NameRefusedError,
    NotFoundError,
    TooManyRequestsError,
)
from domain_verifier.domain.evidence import Outcome
from domain_verifier.usecases.ports import Busy, Quota, Settled
from support.dns_house import House


async def verified(house: House, tenant: str, domain: str = "acme.test"):
    tenant_id = await house.add_tenant(tenant)
    claim = await house.claim(tenant_id, domain)
    house.dns.says(domain, Outcome.PRESENT)
    await house.check(claim)
    return await house.now(claim)


async def test_a_claim_is_found_by_its_tenant_only(house: House) -> None:
    mine, other = await house.add_tenant("acme"), await house.add_tenant("globex")
    claim = await house.claim(mine, "ACME.test")
    assert await house.claims.find(mine, claim.claim_id) == claim
    assert await house.claims.newest(mine, "acme.test") == claim
    assert await house.claims.find(other, claim.claim_id) is None
    assert await house.claims.newest(other, "acme.test") is None
    assert await house.claims.page(other, after=None, limit=10) == []
    with pytest.raises(NotFoundError):
        await house.release(type(claim)(**{**_fields(claim), "tenant_id": other}))


def _fields(claim):
    return {name: getattr(claim, name) for name in claim.__dataclass_fields__}


async def test_claiming_again_returns_the_live_claim(house: House) -> None:
    tenant = await house.add_tenant("acme")
    first = await house.claim(tenant, "acme.test")
    assert await house.claim(tenant, "acme.test.") == first
    await house.release(first)
    second = await house.claim(tenant, "acme.test")
    assert second.claim_id != first.claim_id
    assert second.token != first.token
    newest = await house.claims.newest(tenant, "acme.test")
    assert newest is not None
    assert newest.claim_id == second.claim_id


async def test_a_pending_claim_reserves_and_reveals_nothing(house: House) -> None:
    one, two = await house.add_tenant("acme"), await house.add_tenant("globex")
    first = await house.claim(one, "acme.test")
    second = await house.claim(two, "acme.test")
    assert first.token != second.token
    assert {first.state, second.state} == {State.PENDING}


async def test_a_claim_to_a_held_domain_looks_like_any_other(house: House) -> None:
    await verified(house, "acme")
    other = await house.add_tenant("globex")
    claim = await house.claim(other, "acme.test")
    house.dns.says("acme.test", Outcome.ABSENT)
    examined = await house.check(claim)
    assert examined.settled is Settled.SAVED
    assert examined.step.claim.state is State.PENDING
    assert examined.step.claim.review_since is None


@pytest.mark.parametrize(
    ("package", "status", "slug"),
    [
        ("free", "active", "package_without_domains"),
        ("business", "suspended", "tenant_suspended"),
    ],
)
async def test_a_tenant_without_the_right_is_refused(
    house: House, package: str, status: str, slug: str
) -> None:
    tenant = await house.add_tenant("acme", package=package, status=status)
    with pytest.raises(ForbiddenError) as caught:
        await house.claim(tenant, "acme.test")
    assert caught.value.slug == slug
    assert await house.claims.page(tenant, after=None, limit=10) == []


async def test_bad_names_and_unknown_tenants_change_nothing(house: House) -> None:
    tenant = await house.add_tenant("acme")
    with pytest.raises(NameRefusedError):
        await house.claim(tenant, "gmail.com")
    with pytest.raises(ForbiddenError):
        await house.claim((await house.claim(tenant, "acme.test")).claim_id, "x.test")
    assert len(await house.claims.page(tenant, after=None, limit=10)) == 1


async def test_a_tenants_claims_are_limited(house: House) -> None:
    house.quota = Quota(live=3, per_hour=4)
    tenant = await house.add_tenant("acme")
    claims = [await house.claim(tenant, f"a{number}.test") for number in range(3)]
    with pytest.raises(TooManyRequestsError) as caught:
        await house.claim(tenant, "a3.test")
    assert caught.value.slug == "too_many_claims"
    await house.release(claims[0])
    await house.claim(tenant, "a4.test")
    await house.release(claims[1])
    with pytest.raises(TooManyRequestsError) as caught:
        await house.claim(tenant, "a5.test")
    assert caught.value.slug == "claims_too_fast"
    assert 0 < caught.value.retry_after <= 3600
    house.clock.pass_(minutes=61)
    await house.claim(tenant, "a5.test")


async def test_pages_follow_one_another(house: House) -> None:
    tenant = await house.add_tenant("acme")
    claims = [await house.claim(tenant, f"a{number}.test") for number in range(5)]
    await house.release(claims[0])
    first = await house.claims.page(tenant, after=None, limit=2)
    second = await house.claims.page(tenant, after=first[-1].claim_id, limit=10)
    ids = [claim.claim_id for claim in [*first, *second]]
    assert ids == [claim.claim_id for claim in claims]
    live = await house.claims.page(tenant, after=None, limit=10, live=True)
    assert [claim.claim_id for claim in live] == ids[1:]


async def test_a_due_claim_is_leased_once(house: House) -> None:
    tenant = await house.add_tenant("acme")
    claim = await house.claim(tenant, "acme.test")
    [lease] = await house.claims.lease_due(house.clock.now(), limit=10)
    assert lease.claim == claim
    assert await house.claims.lease_due(house.clock.now(), limit=10) == []
    asked = await house.claims.lease(
        tenant, claim.claim_id, now=house.clock.now(), pause=timedelta(0), per_minute=9
    )
    assert isinstance(asked, Busy)


async def test_the_longest_due_come_first(house: House) -> None:
    tenant = await house.add_tenant("acme")
    claims = []
    for number in range(5):
        claims.append(await house.claim(tenant, f"a{number}.test"))
        house.clock.pass_(seconds=1)
    leases = await house.claims.lease_due(house.clock.now(), limit=3)
    assert [lease.claim.claim_id for lease in leases] == [c.claim_id for c in claims[:3]]


async def test_a_sweep_verifies_and_keeps_history(house: House) -> None:
    tenant = await house.add_tenant("acme")
    claim = await house.claim(tenant, "acme.test")
    assert await house.sweep() == 1
    house.clock.pass_(minutes=1)
    house.dns.says("acme.test", Outcome.PRESENT)
    assert await house.sweep() == 1
    assert await house.sweep() == 0
    now = await house.now(claim)
    assert now.state is State.VERIFIED
    checks = await house.claims.checks(tenant, claim.claim_id, limit=10)
    assert [check.outcome for check in checks] == [Outcome.PRESENT, Outcome.ABSENT]
    assert [check.state for check in checks] == [State.VERIFIED, State.PENDING]
    log = await house.claims.log(tenant, claim.claim_id, limit=10)
    assert [record.action for record in log] == ["verified", "claimed"]


async def test_asking_by_hand_is_limited(house: House) -> None:
    tenant = await house.add_tenant("acme")
    claim = await house.claim(tenant, "acme.test")
    await house.check(claim, pause=timedelta(seconds=10))
    house.clock.pass_(seconds=9)
    with pytest.raises(TooManyRequestsError) as caught:
        await house.check(claim, pause=timedelta(seconds=10))
    assert caught.value.retry_after == 1
    house.clock.pass_(seconds=1)
    await house.check(claim, pause=timedelta(seconds=10))


async def test_an_ended_claim_is_not_looked_at(house: House) -> None:
    tenant = await house.add_tenant("acme")
    claim = await house.claim(tenant, "acme.test")
    await house.release(claim)
    with pytest.raises(ConflictError):
        await house.check(claim)
    with pytest.raises(ConflictError):
        await house.release(claim)
    assert await house.sweep() == 0


async def test_a_result_after_a_release_is_dropped(house: House) -> None:
    tenant = await house.add_tenant("acme")
    claim = await house.claim(tenant, "acme.test")
    house.dns.says("acme.test", Outcome.PRESENT)
    [lease] = await house.claims.lease_due(house.clock.now(), limit=1)
    await house.release(claim)
    examined = await house.examine()(lease)
    assert examined.settled is Settled.LOST
    assert (await house.now(claim)).state is State.RELEASED
    assert await house.claims.checks(tenant, claim.claim_id, limit=10) == []


async def test_the_second_to_prove_a_domain_waits_for_review(house: House) -> None:
    holder = await verified(house, "acme")
    other = await house.add_tenant("globex")
    claim = await house.claim(other, "acme.test")
    examined = await house.check(claim)
    assert examined.settled is Settled.TAKEN
    waiting = await house.now(claim)
    assert waiting.state is State.PENDING
    assert waiting.review_since is not None
    contested = await house.now(holder)
    assert contested.state is State.VERIFIED
    assert contested.contested_since == house.clock.now()
    assert contested.next_check_at == house.clock.now()
    actions = await house.claims.log(other, claim.claim_id, limit=10)
    assert [record.action for record in actions] == ["review_began", "claimed"]
    house.clock.pass_(minutes=5)
    await house.check(claim)
    assert len(await house.claims.log(other, claim.claim_id, limit=10)) == 2
    assert (await house.now(claim)).review_since == waiting.review_since
    told = await house.claims.log(holder.tenant_id, holder.claim_id, limit=10)
    assert [record.action for record in told] == ["verified", "claimed"]


async def test_operators_see_who_is_in_review_and_who_holds(house: House) -> None:
    holder = await verified(house, "acme")
    other, third = await house.add_tenant("globex"), await house.add_tenant("initech")
    rival, claimant = await house.claim(other, "acme.test"), await house.claim(third, "acme.test")
    assert await house.concerns() == []
    await house.check(rival)
    assert await house.concerns() == [
        ("holder", holder.claim_id),
        ("review", rival.claim_id),
    ]
    assert await house.concerns("acme.test") == [
        ("holder", holder.claim_id),
        ("review", rival.claim_id),
        ("claimant", claimant.claim_id),
    ]
    await house.release(rival)
    assert await house.concerns() == []
    house.dns.says("acme.test", Outcome.UNKNOWN)
    house.clock.pass_(days=1)
    await house.sweep()
    assert await house.concerns() == []
    house.clock.pass_(days=3)
    assert await house.concerns() == [("unseen", holder.claim_id)]


async def test_a_holder_is_contested_only_as_long_as_its_rival_proves_the_domain(
    house: House,
) -> None:
    holder = await verified(house, "acme")
    other = await house.add_tenant("globex")
    claim = await house.claim(other, "acme.test")
    await house.check(claim)
    assert (await house.now(holder)).contested_since is not None
    await house.release(claim)
    assert (await house.now(holder)).contested_since is None
    claim = await house.claim(other, "acme.test")
    await house.check(claim)
    house.dns.says("acme.test", Outcome.ABSENT)
    house.clock.pass_(minutes=1)
    await house.check(claim)
    assert (await house.now(holder)).contested_since is None


async def test_the_holder_of_a_domain_learns_of_names_below_it(house: House) -> None:
    parent = await verified(house, "acme", "acme.test")
    other = await house.add_tenant("globex")
    for domain in ("eng.acme.test", "notacme.test", "x.eng.acme.test"):
        claim = await house.claim(other, domain)
        house.dns.says(domain, Outcome.PRESENT)
        await house.check(claim)
    own = await house.claim(parent.tenant_id, "own.acme.test")
    house.dns.says("own.acme.test", Outcome.PRESENT)
    await house.check(own)
    log = await house.claims.log(parent.tenant_id, parent.claim_id, limit=10)
    told = [record.details for record in log if record.action == "subdomain_verified"]
    assert told == [{"domain": "x.eng.acme.test"}, {"domain": "eng.acme.test"}]


@pytest.mark.parametrize(("package", "status"), [("free", "active"), ("business", "suspended")])
async def test_a_tenant_that_loses_the_right_verifies_nothing(
    house: House, package: str, status: str
) -> None:
    tenant = await house.add_tenant("acme")
    held, claim = await house.claim(tenant, "held.test"), await house.claim(tenant, "acme.test")
    house.dns.says("held.test", Outcome.PRESENT)
    await house.check(held)
    await house.add_tenant("acme", package=package, status=status, tenant_id=tenant)
    house.dns.says("acme.test", Outcome.PRESENT)
    with pytest.raises(ForbiddenError):
        await house.check(claim)
    with pytest.raises(ForbiddenError):
        await house.override(claim)
    await house.sweep()
    waiting = await house.now(claim)
    assert waiting.state is State.PENDING
    assert waiting.last_outcome is Outcome.PRESENT
    assert waiting.last_explanation is not None
    assert "acme" in waiting.last_explanation
    house.clock.pass_(days=1)
    await house.check(held)
    assert (await house.now(held)).state is State.VERIFIED
    await house.add_tenant("acme", tenant_id=tenant)
    await house.sweep()
    assert (await house.now(claim)).state is State.VERIFIED


async def test_looks_asked_for_are_limited_for_each_tenant(house: House) -> None:
    house.quota = Quota(looks_per_minute=2)
    tenant, other = await house.add_tenant("acme"), await house.add_tenant("globex")
    claims = [await house.claim(tenant, f"a{number}.test") for number in range(3)]
    for claim in claims[:2]:
        await house.check(claim)
    with pytest.raises(TooManyRequestsError) as caught:
        await house.check(claims[2])
    assert caught.value.retry_after == 60
    await house.check(await house.claim(other, "a2.test"))
    house.clock.pass_(seconds=61)
    await house.check(claims[2])


async def test_checks_by_hand_are_counted_and_dropped_ones_are_not(house: House) -> None:
    tenant = await house.add_tenant("acme")
    claim = await house.claim(tenant, "acme.test")
    await house.check(claim)
    assert len(house.seen) == 1
    house.clock.pass_(hours=1)
    [lease] = await house.claims.lease_due(house.clock.now(), limit=1)
    await house.release(claim)
    await house.examine()(lease)
    assert len(house.seen) == 1


async def test_a_holder_that_still_proves_keeps_the_domain(house: House) -> None:
    holder = await verified(house, "acme")
    other = await house.add_tenant("globex")
    claim = await house.claim(other, "acme.test")
    await house.check(claim)
    for _ in range(60):
        house.clock.pass_(hours=2)
        await house.sweep()
    assert (await house.now(holder)).state is State.VERIFIED
    assert (await house.now(claim)).state is State.PENDING


async def test_a_holder_without_record_yields_after_a_short_grace(house: House) -> None:
    holder = await verified(house, "acme")
    other = await house.add_tenant("globex")
    claim = await house.claim(other, "acme.test")
    dns = _PerToken(house, gone=holder.token)
    house.prober = dns
    await house.check(claim)
    began = house.clock.now()
    while (await house.now(holder)).state is not State.LAPSED:
        house.clock.pass_(minutes=20)
        await house.sweep()
        held = [
            (await house.now(c)).state in {State.VERIFIED, State.GRACE} for c in (holder, claim)
        ]
        assert sum(held) <= 1
    assert timedelta(days=2) < house.clock.now() - began < timedelta(days=4)
    await house.sweep()
    assert (await house.now(claim)).state is State.VERIFIED


class _PerToken:
    """DNS in which one tenant's record is gone and every other one is there."""

    def __init__(self, house: House, *, gone: str) -> None:
        house.dns.says("present", Outcome.PRESENT)
        house.dns.says("absent", Outcome.ABSENT)
        self._house, self._gone = house, gone

    async def probe(self, subject, *, explain):
        return self._house.dns.outcomes["absent" if subject.token == self._gone else "present"]


async def test_a_released_domain_goes_to_who_has_proved_it(house: House) -> None:
    holder = await verified(house, "acme")
    other = await house.add_tenant("globex")
    claim = await house.claim(other, "acme.test")
    await house.check(claim)
    await house.release(holder)
    assert await house.sweep() == 1
    assert (await house.now(claim)).state is State.VERIFIED


async def test_an_override_holds_a_domain_and_is_logged(house: House) -> None:
    tenant = await house.add_tenant("acme")
    claim = await house.claim(tenant, "acme.test")
    held = await house.override(claim)
    assert held.state is State.VERIFIED
    assert (await house.now(claim)) == held
    [record, _] = await house.claims.log(tenant, claim.claim_id, limit=10)
    assert (record.action, record.actor) == ("verified", "ann")


async def test_an_override_cannot_take_a_held_domain(house: House) -> None:
    await verified(house, "acme")
    other = await house.add_tenant("globex")
    claim = await house.claim(other, "acme.test")
    with pytest.raises(ConflictError) as caught:
        await house.override(claim)
    assert caught.value.slug == "domain_held"
    assert (await house.now(claim)) == claim


async def test_the_breaker_stops_what_our_own_fault_would_take(house: House) -> None:
    tenant = await house.add_tenant("acme")
    claims = [await house.claim(tenant, f"d{number}.test") for number in range(30)]
    for claim in claims:
        house.dns.says(claim.domain.ascii, Outcome.PRESENT)
    assert await house.sweep() == 30
    for claim in claims[:25]:
        house.dns.says(claim.domain.ascii, Outcome.ABSENT)
    for _ in range(60):
        house.clock.pass_(hours=8)
        await house.sweep()
    assert (await house.breakers.current()).opened_at is not None
    states = {(await house.now(claim)).state for claim in claims}
    assert states == {State.VERIFIED}
    for claim in claims[:20]:
        house.dns.says(claim.domain.ascii, Outcome.PRESENT)
    house.clock.pass_(hours=12)
    await house.sweep()
    await house.sweep()
    assert (await house.breakers.current()).opened_at is None


async def test_an_operator_can_accept_that_many_domains_are_gone(house: House) -> None:
    tenant = await house.add_tenant("acme")
    claims = [await house.claim(tenant, f"d{number}.test") for number in range(30)]
    for claim in claims:
        house.dns.says(claim.domain.ascii, Outcome.PRESENT)
    await house.sweep()
    for claim in claims[:25]:
        house.dns.says(claim.domain.ascii, Outcome.ABSENT)
    for _ in range(6):
        house.clock.pass_(hours=8)
        await house.sweep()
    assert (await house.breakers.current()).opened_at is not None
    house.clock.pass_(minutes=1)
    await house.accept()
    accepted = (await house.breakers.log(limit=1))[0]
    assert (accepted.action, accepted.actor) == ("closed", "ann")
    for _ in range(6):
        house.clock.pass_(hours=8)
        await house.sweep()
    assert (await house.breakers.current()).opened_at is None
    assert (await house.now(claims[0])).state is State.GRACE
    assert (await house.now(claims[29])).state is State.VERIFIED


async def test_a_few_lost_domains_do_not_trip_the_breaker(house: House) -> None:
    tenant = await house.add_tenant("acme")
    claims = [await house.claim(tenant, f"d{number}.test") for number in range(30)]
    for claim in claims:
        house.dns.says(claim.domain.ascii, Outcome.PRESENT)
    await house.sweep()
    for claim in claims[:14]:
        house.dns.says(claim.domain.ascii, Outcome.ABSENT)
    for _ in range(9):
        house.clock.pass_(hours=8)
        await house.sweep()
    assert not (await house.breakers.current()).is_open
    assert (await house.now(claims[0])).state is State.GRACE


async def test_subdomains_of_one_tenant_do_not_hold_up_the_others(house: House) -> None:
    tenant, other = await house.add_tenant("acme"), await house.add_tenant("globex")
    claims = [await house.claim(tenant, f"d{number}.acme.test") for number in range(25)]
    bystanders = [await house.claim(other, f"d{number}.test") for number in range(5)]
    for claim in (*claims, *bystanders):
        house.dns.says(claim.domain.ascii, Outcome.PRESENT)
    await house.sweep()
    for claim in claims:
        house.dns.says(claim.domain.ascii, Outcome.ABSENT)
    for _ in range(9):
        house.clock.pass_(hours=8)
        await house.sweep()
    assert not (await house.breakers.current()).is_open
    assert (await house.now(claims[0])).state is State.GRACE


async def test_a_small_fleet_that_vanishes_trips_the_breaker(house: House) -> None:
    claims = [await verified(house, f"t{number}", f"d{number}.test") for number in range(4)]
    for claim in claims:
        house.dns.says(claim.domain.ascii, Outcome.ABSENT)
    for _ in range(60):
        house.clock.pass_(hours=8)
        await house.sweep()
    assert {(await house.now(claim)).state for claim in claims} == {State.VERIFIED}
    [opened] = await house.breakers.log(limit=10)
    assert (opened.action, opened.actor) == ("opened", "checks")


async def test_suspects_are_counted_before_anything_is_taken_away(house: House) -> None:
    claims = [await verified(house, f"t{number}", f"d{number}.test") for number in range(4)]
    for claim in claims:
        house.dns.says(claim.domain.ascii, Outcome.ABSENT)
    for _ in range(9):
        house.clock.pass_(hours=8)
        for lease in await house.claims.lease_due(house.clock.now(), limit=10):
            await house.examine()(lease)
    assert (await house.breakers.current()).is_open
    assert {(await house.now(claim)).state for claim in claims} == {State.VERIFIED}


async def test_a_look_by_hand_takes_nothing_away_under_the_open_breaker(house: House) -> None:
    claims = [await verified(house, f"t{number}", f"d{number}.test") for number in range(4)]
    for claim in claims:
        house.dns.says(claim.domain.ascii, Outcome.ABSENT)
    for _ in range(9):
        house.clock.pass_(hours=8)
        for claim in claims:
            await house.check(claim)
    assert {(await house.now(claim)).state for claim in claims} == {State.VERIFIED}
    for claim in claims:
        house.dns.says(claim.domain.ascii, Outcome.PRESENT)
        await house.check(claim)
    await house.sweep()
    assert not (await house.breakers.current()).is_open


async def test_a_closed_breaker_has_nothing_to_accept(house: House) -> None:
    with pytest.raises(ConflictError):
        await house.accept()
    assert (await house.breakers.current()).accepted_at is None
    assert await house.breakers.log(limit=10) == []
