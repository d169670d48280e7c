"""Two tenants and one domain, on every store of claims."""

from datetime import timedelta

from domain_verifier.domain.claim import State
from domain_verifier.domain.evidence import Evidence, Outcome
from domain_verifier.domain.explanation import Subject
from domain_verifier.usecases.ports import SaveOutcome
from support.dns_harness import Harness, verified


async def test_the_second_to_prove_a_domain_waits_for_review(harness: Harness) -> None:
    holder = await verified(harness, "acme")
    other = await harness.add_tenant("globex")
    claim = await harness.claim(other, "acme.test")
    completed = await harness.check(claim)
    assert completed.save_outcome is SaveOutcome.DOMAIN_HELD
    waiting = await harness.now(claim)
    assert waiting.state is State.PENDING
    assert waiting.review_since is not None
    contested = await harness.now(holder)
    assert contested.state is State.VERIFIED
    assert contested.contested_since == harness.clock.now()
    assert contested.next_check_at == harness.clock.now()
    actions = await harness.claims.log(other, claim.claim_id, limit=10)
    assert [record.action for record in actions] == ["review_began", "claimed"]
    harness.clock.advance(minutes=5)
    await harness.check(claim)
    assert len(await harness.claims.log(other, claim.claim_id, limit=10)) == 2
    assert (await harness.now(claim)).review_since == waiting.review_since
    log = await harness.claims.log(holder.tenant_id, holder.claim_id, limit=10)
    assert [record.action for record in log] == ["verified", "claimed"]


async def test_operators_see_who_is_in_review_and_who_holds(harness: Harness) -> None:
    await verified(harness, "acme")
    other, third = await harness.add_tenant("globex"), await harness.add_tenant("initech")
    rival = await harness.claim(other, "acme.test")
    await harness.claim(third, "acme.test")
    assert await harness.needing_attention() == []
    await harness.check(rival)
    assert await harness.needing_attention() == [
        ("holder", "acme"),
        ("review", "globex"),
    ]
    assert await harness.needing_attention("acme.test") == [
        ("holder", "acme"),
        ("review", "globex"),
        ("claimant", "initech"),
    ]
    await harness.release(rival)
    assert await harness.needing_attention() == []
    harness.dns.says("acme.test", Outcome.UNKNOWN)
    harness.clock.advance(days=1)
    await harness.sweep()
    assert await harness.needing_attention() == []
    harness.clock.advance(days=3)
    assert await harness.needing_attention() == [("unseen", "acme")]
    harness.dns.says("zeta.test", Outcome.PRESENT)
    for name in ("globex", "initech"):
        await harness.check(await harness.claim(await harness.add_tenant(name), "zeta.test"))
    assert await harness.needing_attention() == [
        ("holder", "globex"),
        ("review", "initech"),
        ("unseen", "acme"),
    ]


async def test_a_holder_is_contested_only_as_long_as_its_rival_proves_the_domain(
    harness: Harness,
) -> None:
    holder = await verified(harness, "acme")
    other = await harness.add_tenant("globex")
    claim = await harness.claim(other, "acme.test")
    await harness.check(claim)
    assert (await harness.now(holder)).contested_since is not None
    await harness.release(claim)
    assert (await harness.now(holder)).contested_since is None
    claim = await harness.claim(other, "acme.test")
    await harness.check(claim)
    harness.dns.says("acme.test", Outcome.ABSENT)
    harness.clock.advance(minutes=1)
    await harness.check(claim)
    assert (await harness.now(holder)).contested_since is None


async def test_the_holder_of_a_domain_learns_of_names_below_it(harness: Harness) -> None:
    parent = await verified(harness, "acme", "acme.test")
    other = await harness.add_tenant("globex")
    for domain in ("eng.acme.test", "notacme.test", "x.eng.acme.test"):
        claim = await harness.claim(other, domain)
        harness.dns.says(domain, Outcome.PRESENT)
        await harness.check(claim)
    own = await harness.claim(parent.tenant_id, "own.acme.test")
    harness.dns.says("own.acme.test", Outcome.PRESENT)
    await harness.check(own)
    log = await harness.claims.log(parent.tenant_id, parent.claim_id, limit=10)
    notices = [record.details for record in log if record.action == "subdomain_verified"]
    assert notices == [{"domain": "x.eng.acme.test"}, {"domain": "eng.acme.test"}]


async def test_a_holder_that_still_proves_keeps_the_domain(harness: Harness) -> None:
    holder = await verified(harness, "acme")
    other = await harness.add_tenant("globex")
    claim = await harness.claim(other, "acme.test")
    await harness.check(claim)
    for _ in range(60):
        harness.clock.advance(hours=2)
        await harness.sweep()
    assert (await harness.now(holder)).state is State.VERIFIED
    assert (await harness.now(claim)).state is State.PENDING


async def test_a_holder_without_record_yields_after_a_short_grace(harness: Harness) -> None:
    holder = await verified(harness, "acme")
    other = await harness.add_tenant("globex")
    claim = await harness.claim(other, "acme.test")
    dns = _PerToken(harness, gone=holder.token)
    harness.prober = dns
    await harness.check(claim)
    began = harness.clock.now()
    while (await harness.now(holder)).state is not State.LAPSED:
        harness.clock.advance(minutes=20)
        await harness.sweep()
        held = [
            (await harness.now(c)).state in {State.VERIFIED, State.GRACE} for c in (holder, claim)
        ]
        assert sum(held) <= 1
    assert timedelta(days=2) < harness.clock.now() - began < timedelta(days=4)
    await harness.sweep()
    assert (await harness.now(claim)).state is State.VERIFIED


class _PerToken:
    """DNS in which one tenant's record is gone and every other one is there."""

    def __init__(self, harness: Harness, *, gone: str) -> None:
        harness.dns.says("present", Outcome.PRESENT)
        harness.dns.says("absent", Outcome.ABSENT)
        self._house, self._gone = harness, gone

    async def probe(self, subject: Subject, *, explain: bool) -> Evidence:
        return self._house.dns.outcomes["absent" if subject.token == self._gone else "present"]


async def test_a_released_domain_goes_to_who_has_proved_it(harness: Harness) -> None:
    holder = await verified(harness, "acme")
    other = await harness.add_tenant("globex")
    claim = await harness.claim(other, "acme.test")
    await harness.check(claim)
    await harness.release(holder)
    assert await harness.sweep() == 1
    assert (await harness.now(claim)).state is State.VERIFIED
