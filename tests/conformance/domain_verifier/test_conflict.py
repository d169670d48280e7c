"""Two tenants and one domain, on every store of claims."""

from datetime import timedelta

from domain_verifier.domain.claim import State
from domain_verifier.domain.evidence import Evidence, Outcome
from domain_verifier.domain.explanation import Subject
from domain_verifier.usecases.ports import Settled
from support.dns_harness import House, verified


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
    await verified(house, "acme")
    other, third = await house.add_tenant("globex"), await house.add_tenant("initech")
    rival = await house.claim(other, "acme.test")
    await house.claim(third, "acme.test")
    assert await house.concerns() == []
    await house.check(rival)
    assert await house.concerns() == [
        ("holder", "acme"),
        ("review", "globex"),
    ]
    assert await house.concerns("acme.test") == [
        ("holder", "acme"),
        ("review", "globex"),
        ("claimant", "initech"),
    ]
    await house.release(rival)
    assert await house.concerns() == []
    house.dns.says("acme.test", Outcome.UNKNOWN)
    house.clock.pass_(days=1)
    await house.sweep()
    assert await house.concerns() == []
    house.clock.pass_(days=3)
    assert await house.concerns() == [("unseen", "acme")]
    house.dns.says("zeta.test", Outcome.PRESENT)
    for name in ("globex", "initech"):
        await house.check(await house.claim(await house.add_tenant(name), "zeta.test"))
    assert await house.concerns() == [
        ("holder", "globex"),
        ("review", "initech"),
        ("unseen", "acme"),
    ]


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

    async def probe(self, subject: Subject, *, explain: bool) -> Evidence:
        return self._house.dns.outcomes["absent" if subject.token == self._gone else "present"]


async def test_a_released_domain_goes_to_who_has_proved_it(house: House) -> None:
    holder = await verified(house, "acme")
    other = await house.add_tenant("globex")
    claim = await house.claim(other, "acme.test")
    await house.check(claim)
    await house.release(holder)
    assert await house.sweep() == 1
    assert (await house.now(claim)).state is State.VERIFIED
