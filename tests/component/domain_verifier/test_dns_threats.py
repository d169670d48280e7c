"""What others could do with DNS to get a domain that is not theirs, on real servers."""

import pytest

from domain_verifier.domain.challenge import value_of
from domain_verifier.domain.evidence import Outcome, Reason
from domain_verifier.domain.explanation import Subject
from support.dns_probing import OTHER_TOKEN, Zone


async def test_a_wildcard_txt_proves_nothing(zone: Zone) -> None:
    subject = zone.subject()
    await zone.publish(subject, name=f"*.{subject.domain.ascii}")
    evidence = await zone.probe(subject)
    assert (evidence.outcome, evidence.reason) == (Outcome.UNKNOWN, Reason.WILDCARD)
    assert f"exactly {subject.record.name}" in evidence.explanation


async def test_a_wildcard_cname_into_a_third_partys_zone_proves_nothing(zone: Zone) -> None:
    subject = zone.subject()
    target = f"{subject.domain.ascii.split('.')[0]}.saas.test"
    await zone.servers.add(f"*.{subject.domain.ascii}", f"{target}.", rdtype="CNAME")
    await zone.publish(subject, name=target)
    evidence = await zone.probe(subject)
    assert evidence.outcome is Outcome.UNKNOWN
    assert evidence.reason in {Reason.FOREIGN_CNAME, Reason.WILDCARD}


async def test_a_wildcard_cname_within_the_zone_proves_nothing(zone: Zone) -> None:
    subject = zone.subject()
    target = f"host.{subject.domain.ascii}"
    await zone.servers.add(f"*.{subject.domain.ascii}", f"{target}.", rdtype="CNAME")
    await zone.publish(subject, name=target)
    evidence = await zone.probe(subject)
    assert (evidence.outcome, evidence.reason) == (Outcome.UNKNOWN, Reason.WILDCARD)


async def test_an_exact_record_beside_a_wildcard_is_good(zone: Zone) -> None:
    subject = zone.subject()
    await zone.servers.add(f"*.{subject.domain.ascii}", '"v=spf1 -all"')
    await zone.publish(subject)
    assert (await zone.probe(subject)).outcome is Outcome.PRESENT


async def test_a_holders_removed_record_is_absent_though_a_wildcard_answers(zone: Zone) -> None:
    subject = zone.subject()
    await zone.servers.add(f"*.{subject.domain.ascii}", '"v=spf1 -all"')
    evidence = await zone.probe(subject)
    assert (evidence.outcome, evidence.reason) == (Outcome.ABSENT, Reason.WRONG_VALUE)


async def test_a_cname_to_a_foreign_zone_is_refused_and_shown(zone: Zone) -> None:
    subject = zone.subject()
    target = f"{subject.domain.ascii.split('.')[0]}-host.saas.test"
    await zone.servers.add(subject.record.name, f"{target}.", rdtype="CNAME")
    await zone.publish(subject, name=target)
    evidence = await zone.probe(subject)
    assert (evidence.outcome, evidence.reason) == (Outcome.UNKNOWN, Reason.FOREIGN_CNAME)
    assert f"{subject.record.name} → {target}" in evidence.explanation


async def test_a_chain_that_leaves_the_zone_and_returns_is_refused(zone: Zone) -> None:
    subject = zone.subject()
    label = subject.domain.ascii.split(".")[0]
    away, back = f"{label}-away.saas.test", f"back.{subject.domain.ascii}"
    await zone.servers.add(subject.record.name, f"{away}.", rdtype="CNAME")
    await zone.servers.add(away, f"{back}.", rdtype="CNAME")
    await zone.publish(subject, name=back)
    assert (await zone.probe(subject)).reason is Reason.FOREIGN_CNAME


async def test_a_cname_target_made_for_this_claim_is_accepted(zone: Zone) -> None:
    subject = zone.subject()
    target = f"{subject.token}.{subject.domain.ascii.split('.')[0]}.saas.test"
    await zone.servers.add(subject.record.name, f"{target}.", rdtype="CNAME")
    await zone.publish(subject, name=target)
    evidence = await zone.probe(subject)
    assert evidence.outcome is Outcome.PRESENT


async def test_a_target_made_for_another_claim_is_not(zone: Zone) -> None:
    subject = zone.subject()
    target = f"{OTHER_TOKEN}.{subject.domain.ascii.split('.')[0]}.saas.test"
    await zone.servers.add(subject.record.name, f"{target}.", rdtype="CNAME")
    await zone.publish(subject, name=target)
    assert (await zone.probe(subject)).reason is Reason.FOREIGN_CNAME


async def test_a_delegation_label_is_no_help_for_a_dname(zone: Zone) -> None:
    subject = zone.subject()
    away = f"{subject.domain.ascii.split('.')[0]}-d.saas.test"
    await zone.servers.add(subject.domain.ascii, f"{away}.", rdtype="DNAME")
    await zone.publish(subject, name=f"_portico-challenge.{away}")
    evidence = await zone.probe(subject)
    assert (evidence.outcome, evidence.reason) == (Outcome.UNKNOWN, Reason.FOREIGN_CNAME)


async def test_a_dname_within_the_zone_proves_nothing_either(zone: Zone) -> None:
    subject = zone.subject()
    inside = f"{subject.domain.ascii.split('.')[0]}-bar.acme.test"
    await zone.servers.add(subject.domain.ascii, f"{inside}.", rdtype="DNAME")
    await zone.publish(subject, name=f"_portico-challenge.{inside}")
    for at in (None, [zone.knot]):
        evidence = await zone.probe(subject, at=at)
        assert (evidence.outcome, evidence.reason) == (Outcome.UNKNOWN, Reason.FOREIGN_CNAME)
        assert "DNAME" in evidence.explanation


async def test_another_tenants_token_proves_nothing(zone: Zone) -> None:
    theirs = zone.subject()
    await zone.publish(theirs)
    ours = Subject(theirs.domain, OTHER_TOKEN)
    assert (await zone.probe(ours)).reason is Reason.WRONG_VALUE
    assert (await zone.probe(theirs)).outcome is Outcome.PRESENT


@pytest.mark.parametrize("place", ["parent", "sibling", "plain"])
async def test_a_record_at_another_name_proves_nothing(zone: Zone, place: str) -> None:
    subject = zone.subject()
    domain = subject.domain.ascii
    name = {
        "parent": f"_portico-challenge.{domain.split('.')[0]}-up.acme.test",
        "sibling": f"_portico-challenge.www.{domain}",
        "plain": f"portico-challenge.{domain}",
    }[place]
    await zone.publish(subject, name=name)
    assert (await zone.probe(subject)).outcome is Outcome.ABSENT


async def test_a_forged_answer_in_a_signed_zone_proves_nothing(zone: Zone) -> None:
    subject = zone.subject("bad.test")
    await zone.publish(subject, value_of(subject.token))
    direct = await zone.probe(subject, at=[zone.knot])
    assert direct.outcome is Outcome.PRESENT
    assert (await zone.probe(subject)).reason is Reason.DNSSEC_BOGUS


async def test_one_resolver_lying_is_not_enough(zone: Zone) -> None:
    subject = zone.subject()
    assert (await zone.probe(subject)).outcome is Outcome.ABSENT
    await zone.publish(subject)
    evidence = await zone.probe(subject, at=[zone.servers.resolvers[0], zone.knot])
    assert (evidence.outcome, evidence.reason) == (Outcome.UNKNOWN, Reason.SOME_RESOLVERS)
