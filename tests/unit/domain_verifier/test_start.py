"""Whether a tenant may start a claim, and what its claims mean for others."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from domain_verifier.domain.claim import Claim, State, Transition, release
from domain_verifier.domain.quota import Quota, Usage
from domain_verifier.domain.start import StartConditions, start
from kernel.errors import DomainError, ForbiddenError, TooManyRequestsError
from kernel.tenant import Tenant
from support.dns_scenario import START, pending, verified

TENANT = Tenant(UUID(int=1), "acme", "business", "active")
UNUSED = Usage(live=0, recent=0, oldest_recent=None)
QUOTA = Quota(live=3, per_hour=2)
NEW = Transition(pending())


def decide(
    *, tenant: Tenant | None = TENANT, live_claim: Claim | None = None, usage: Usage = UNUSED
) -> Transition:
    conditions = StartConditions(tenant, live_claim, usage)
    return start(NEW, conditions, quota=QUOTA, now=START)


def test_an_entitled_tenant_starts_a_claim() -> None:
    assert decide() is NEW


@pytest.mark.parametrize(
    ("tenant", "slug"),
    [
        (None, "unknown_tenant"),
        (replace(TENANT, status="suspended"), "tenant_suspended"),
        (replace(TENANT, status="closed"), "tenant_suspended"),
        (replace(TENANT, package="free"), "package_without_domains"),
        (replace(TENANT, package="platinum"), "package_without_domains"),
    ],
)
def test_an_unentitled_tenant_is_refused_even_its_live_claim(
    tenant: Tenant | None, slug: str
) -> None:
    with pytest.raises(ForbiddenError) as caught:
        decide(tenant=tenant, live_claim=pending())
    assert caught.value.slug == slug


def test_a_live_claim_is_returned_unchanged_whatever_the_quota() -> None:
    live = pending()
    kept = decide(live_claim=live, usage=Usage(live=3, recent=2, oldest_recent=START))
    assert kept == Transition(live)


@pytest.mark.parametrize(
    ("usage", "slug", "retry_after"),
    [
        (Usage(3, 0, None), "too_many_claims", 3600),
        (Usage(0, 2, START - timedelta(minutes=59)), "claims_too_fast", 60),
        (Usage(0, 2, START - timedelta(hours=1)), "claims_too_fast", 1),
    ],
)
def test_a_used_up_quota_refuses_and_says_until_when(
    usage: Usage, slug: str, retry_after: int
) -> None:
    with pytest.raises(DomainError) as caught:
        decide(usage=usage)
    assert isinstance(caught.value, TooManyRequestsError)
    assert (caught.value.slug, caught.value.retry_after) == (slug, retry_after)


def test_a_transition_says_whether_it_takes_or_frees_the_domain() -> None:
    held = verified().claim
    grace = replace(held, state=State.GRACE)
    assert Transition.between(pending(), held).takes_domain
    assert not Transition.between(held, grace).takes_domain
    assert not Transition.between(held, grace).frees_domain
    assert release(grace, now=START, actor="ann", reason="moved").frees_domain
    assert not release(pending(), now=START, actor="ann", reason="moved").frees_domain
