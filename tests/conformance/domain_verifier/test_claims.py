"""What every store of claims must do, and the use cases on it."""

from datetime import timedelta
from typing import Any

import pytest

from domain_verifier.domain.claim import Claim, State
from domain_verifier.domain.errors import (
    ConflictError,
    ForbiddenError,
    NameRefusedError,
    NotFoundError,
    TooManyRequestsError,
)
from domain_verifier.domain.evidence import Outcome
from domain_verifier.usecases.ports import Busy, Quota, Settled
from support.dns_harness import House, verified


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


def _fields(claim: Claim) -> dict[str, Any]:
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
