"""What every store of claims must do, and the use cases on it."""

from datetime import timedelta
from typing import Any

import pytest

from domain_verifier.domain.claim import Claim, State
from domain_verifier.domain.evidence import Outcome
from domain_verifier.domain.name import NameRefusedError
from domain_verifier.domain.quota import Quota
from domain_verifier.usecases.ports import Busy, LeaseRequest, SaveOutcome
from domain_verifier.usecases.pruning import Pruning
from kernel.errors import ConflictError, ForbiddenError, NotFoundError, TooManyRequestsError
from support.dns_harness import Harness, verified


async def test_a_claim_is_found_by_its_tenant_only(harness: Harness) -> None:
    mine, other = await harness.add_tenant("acme"), await harness.add_tenant("globex")
    claim = await harness.claim(mine, "ACME.test")
    assert await harness.claims.find(mine, claim.claim_id) == claim
    assert await harness.claims.newest(mine, "acme.test") == claim
    assert await harness.claims.find(other, claim.claim_id) is None
    assert await harness.claims.newest(other, "acme.test") is None
    assert await harness.claims.page(other, after=None, limit=10) == []
    with pytest.raises(NotFoundError):
        await harness.release(type(claim)(**{**_fields(claim), "tenant_id": other}))


def _fields(claim: Claim) -> dict[str, Any]:
    return {name: getattr(claim, name) for name in claim.__dataclass_fields__}


async def test_claiming_again_returns_the_live_claim(harness: Harness) -> None:
    tenant = await harness.add_tenant("acme")
    first = await harness.claim(tenant, "acme.test")
    assert await harness.claim(tenant, "acme.test.") == first
    await harness.release(first)
    second = await harness.claim(tenant, "acme.test")
    assert second.claim_id != first.claim_id
    assert second.token != first.token
    newest = await harness.claims.newest(tenant, "acme.test")
    assert newest is not None
    assert newest.claim_id == second.claim_id


async def test_a_pending_claim_reserves_and_reveals_nothing(harness: Harness) -> None:
    one, two = await harness.add_tenant("acme"), await harness.add_tenant("globex")
    first = await harness.claim(one, "acme.test")
    second = await harness.claim(two, "acme.test")
    assert first.token != second.token
    assert {first.state, second.state} == {State.PENDING}


async def test_a_claim_to_a_held_domain_looks_like_any_other(harness: Harness) -> None:
    await verified(harness, "acme")
    other = await harness.add_tenant("globex")
    claim = await harness.claim(other, "acme.test")
    harness.dns.says("acme.test", Outcome.ABSENT)
    completed = await harness.check(claim)
    assert completed.save_outcome is SaveOutcome.SAVED
    assert completed.transition.claim.state is State.PENDING
    assert completed.transition.claim.review_since is None


@pytest.mark.parametrize(
    ("package", "status", "slug"),
    [
        ("free", "active", "package_without_domains"),
        ("business", "suspended", "tenant_suspended"),
    ],
)
async def test_a_tenant_without_the_right_is_refused(
    harness: Harness, package: str, status: str, slug: str
) -> None:
    tenant = await harness.add_tenant("acme", package=package, status=status)
    with pytest.raises(ForbiddenError) as caught:
        await harness.claim(tenant, "acme.test")
    assert caught.value.slug == slug
    assert await harness.claims.page(tenant, after=None, limit=10) == []


async def test_bad_names_and_unknown_tenants_change_nothing(harness: Harness) -> None:
    tenant = await harness.add_tenant("acme")
    with pytest.raises(NameRefusedError):
        await harness.claim(tenant, "gmail.com")
    with pytest.raises(ForbiddenError):
        await harness.claim((await harness.claim(tenant, "acme.test")).claim_id, "x.test")
    assert len(await harness.claims.page(tenant, after=None, limit=10)) == 1


async def test_a_tenants_claims_are_limited(harness: Harness) -> None:
    harness.quota = Quota(live=3, per_hour=4)
    tenant = await harness.add_tenant("acme")
    claims = [await harness.claim(tenant, f"a{number}.test") for number in range(3)]
    with pytest.raises(TooManyRequestsError) as caught:
        await harness.claim(tenant, "a3.test")
    assert caught.value.slug == "too_many_claims"
    await harness.release(claims[0])
    await harness.claim(tenant, "a4.test")
    await harness.release(claims[1])
    with pytest.raises(TooManyRequestsError) as caught:
        await harness.claim(tenant, "a5.test")
    assert caught.value.slug == "claims_too_fast"
    assert caught.value.retry_after is not None
    assert 0 < caught.value.retry_after <= 3600
    harness.clock.advance(minutes=61)
    await harness.claim(tenant, "a5.test")


async def test_pages_follow_one_another(harness: Harness) -> None:
    tenant = await harness.add_tenant("acme")
    claims = [await harness.claim(tenant, f"a{number}.test") for number in range(5)]
    await harness.release(claims[0])
    first = await harness.claims.page(tenant, after=None, limit=2)
    second = await harness.claims.page(tenant, after=first[-1].claim_id, limit=10)
    ids = [claim.claim_id for claim in [*first, *second]]
    assert ids == [claim.claim_id for claim in claims]
    live = await harness.claims.page(tenant, after=None, limit=10, live=True)
    assert [claim.claim_id for claim in live] == ids[1:]


async def test_a_due_claim_is_leased_once(harness: Harness) -> None:
    tenant = await harness.add_tenant("acme")
    claim = await harness.claim(tenant, "acme.test")
    [lease] = await harness.claims.lease_due(harness.clock.now(), limit=10)
    assert lease.claim == claim
    assert await harness.claims.lease_due(harness.clock.now(), limit=10) == []
    asked = await harness.claims.lease(
        LeaseRequest(
            tenant, claim.claim_id, now=harness.clock.now(), pause=timedelta(0), per_minute=9
        )
    )
    assert isinstance(asked, Busy)


async def test_the_longest_due_come_first(harness: Harness) -> None:
    tenant = await harness.add_tenant("acme")
    claims = []
    for number in range(5):
        claims.append(await harness.claim(tenant, f"a{number}.test"))
        harness.clock.advance(seconds=1)
    leases = await harness.claims.lease_due(harness.clock.now(), limit=3)
    assert [lease.claim.claim_id for lease in leases] == [c.claim_id for c in claims[:3]]


async def test_a_sweep_verifies_and_keeps_history(harness: Harness) -> None:
    tenant = await harness.add_tenant("acme")
    claim = await harness.claim(tenant, "acme.test")
    assert await harness.sweep() == 1
    harness.clock.advance(minutes=1)
    harness.dns.says("acme.test", Outcome.PRESENT)
    assert await harness.sweep() == 1
    assert await harness.sweep() == 0
    now = await harness.now(claim)
    assert now.state is State.VERIFIED
    checks = await harness.claims.checks(tenant, claim.claim_id, limit=10)
    assert [check.outcome for check in checks] == [Outcome.PRESENT, Outcome.ABSENT]
    assert [check.state for check in checks] == [State.VERIFIED, State.PENDING]
    log = await harness.claims.log(tenant, claim.claim_id, limit=10)
    assert [record.action for record in log] == ["verified", "claimed"]


async def test_asking_by_hand_is_limited(harness: Harness) -> None:
    tenant = await harness.add_tenant("acme")
    claim = await harness.claim(tenant, "acme.test")
    await harness.check(claim, pause=timedelta(seconds=10))
    harness.clock.advance(seconds=9)
    with pytest.raises(TooManyRequestsError) as caught:
        await harness.check(claim, pause=timedelta(seconds=10))
    assert caught.value.retry_after == 1
    harness.clock.advance(seconds=1)
    await harness.check(claim, pause=timedelta(seconds=10))


async def test_an_ended_claim_is_not_checked(harness: Harness) -> None:
    tenant = await harness.add_tenant("acme")
    claim = await harness.claim(tenant, "acme.test")
    await harness.release(claim)
    with pytest.raises(ConflictError):
        await harness.check(claim)
    with pytest.raises(ConflictError):
        await harness.release(claim)
    assert await harness.sweep() == 0


async def test_a_result_after_a_release_is_dropped(harness: Harness) -> None:
    tenant = await harness.add_tenant("acme")
    claim = await harness.claim(tenant, "acme.test")
    harness.dns.says("acme.test", Outcome.PRESENT)
    [lease] = await harness.claims.lease_due(harness.clock.now(), limit=1)
    await harness.release(claim)
    completed = await harness.run_check()(lease)
    assert completed.save_outcome is SaveOutcome.DROPPED
    assert (await harness.now(claim)).state is State.RELEASED
    assert await harness.claims.checks(tenant, claim.claim_id, limit=10) == []


@pytest.mark.parametrize(("package", "status"), [("free", "active"), ("business", "suspended")])
async def test_a_tenant_that_loses_the_right_verifies_nothing(
    harness: Harness, package: str, status: str
) -> None:
    tenant = await harness.add_tenant("acme")
    held, claim = await harness.claim(tenant, "held.test"), await harness.claim(tenant, "acme.test")
    harness.dns.says("held.test", Outcome.PRESENT)
    await harness.check(held)
    await harness.add_tenant("acme", package=package, status=status, tenant_id=tenant)
    harness.dns.says("acme.test", Outcome.PRESENT)
    with pytest.raises(ForbiddenError):
        await harness.check(claim)
    with pytest.raises(ForbiddenError):
        await harness.override(claim)
    await harness.sweep()
    waiting = await harness.now(claim)
    assert waiting.state is State.PENDING
    assert waiting.last_outcome is Outcome.PRESENT
    assert waiting.last_explanation is not None
    assert "acme" in waiting.last_explanation
    harness.clock.advance(days=1)
    await harness.check(held)
    assert (await harness.now(held)).state is State.VERIFIED
    await harness.add_tenant("acme", tenant_id=tenant)
    await harness.sweep()
    assert (await harness.now(claim)).state is State.VERIFIED


async def test_requested_checks_are_limited_for_each_tenant(harness: Harness) -> None:
    harness.quota = Quota(checks_per_minute=2)
    tenant, other = await harness.add_tenant("acme"), await harness.add_tenant("globex")
    claims = [await harness.claim(tenant, f"a{number}.test") for number in range(3)]
    for claim in claims[:2]:
        await harness.check(claim)
    with pytest.raises(TooManyRequestsError) as caught:
        await harness.check(claims[2])
    assert caught.value.retry_after == 60
    await harness.check(await harness.claim(other, "a2.test"))
    harness.clock.advance(seconds=61)
    await harness.check(claims[2])


async def test_checks_by_hand_are_counted_and_dropped_ones_are_not(harness: Harness) -> None:
    tenant = await harness.add_tenant("acme")
    claim = await harness.claim(tenant, "acme.test")
    await harness.check(claim)
    assert len(harness.seen) == 1
    harness.clock.advance(hours=1)
    [lease] = await harness.claims.lease_due(harness.clock.now(), limit=1)
    await harness.release(claim)
    await harness.run_check()(lease)
    assert len(harness.seen) == 1


async def test_an_override_holds_a_domain_and_is_logged(harness: Harness) -> None:
    tenant = await harness.add_tenant("acme")
    claim = await harness.claim(tenant, "acme.test")
    held = await harness.override(claim)
    assert held.state is State.VERIFIED
    assert (await harness.now(claim)) == held
    [record, _] = await harness.claims.log(tenant, claim.claim_id, limit=10)
    assert (record.action, record.actor) == ("verified", "ann")


async def test_an_override_cannot_take_a_held_domain(harness: Harness) -> None:
    await verified(harness, "acme")
    other = await harness.add_tenant("globex")
    claim = await harness.claim(other, "acme.test")
    with pytest.raises(ConflictError) as caught:
        await harness.override(claim)
    assert caught.value.slug == "domain_held"
    assert (await harness.now(claim)) == claim


async def test_checks_are_pruned_at_their_age(harness: Harness) -> None:
    tenant = await harness.add_tenant("acme")
    claim = await harness.claim(tenant, "acme.test")
    await harness.check(claim)
    harness.clock.advance(days=100)
    await harness.check(claim)
    harness.clock.advance(days=100)
    await Pruning(harness.claims, harness.clock, days=180).prune()
    assert len(await harness.claims.checks(tenant, claim.claim_id, limit=10)) == 1
    assert await harness.claims.prune_checks(harness.clock.now()) == 1
