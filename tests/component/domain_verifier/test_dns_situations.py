"""Every situation of DNS that a check can meet, on real servers."""

import itertools
import time
from datetime import timedelta

import pytest
import structlog
from prometheus_client import CollectorRegistry

from domain_verifier.dns.resolver import Timeouts
from domain_verifier.dns.validation import ValidationMonitor, validation_gauge
from domain_verifier.domain.challenge import value_of
from domain_verifier.domain.evidence import Outcome, Reason, Status
from domain_verifier.domain.explanation import Subject
from support.dns_configs import MAX_NEGATIVE_TTL, SOA_MINIMUM
from support.dns_probing import NAMES, Zone, resolver_at
from support.dns_servers import LOOPBACK, closed_port
from support.waiting import eventually


async def test_the_record_is_present_in_an_unsigned_zone(zone: Zone) -> None:
    subject = zone.subject()
    await zone.publish(subject)
    evidence = await zone.probe(subject)
    assert (evidence.outcome, evidence.reason) == (Outcome.PRESENT, Reason.MATCHED)
    assert not evidence.authenticated
    assert [
        observed.answer.resolver for observed in evidence.observations
    ] == zone.servers.resolvers


async def test_a_signed_zone_is_authenticated(zone: Zone) -> None:
    subject = zone.subject("signed.test")
    await zone.publish(subject)
    evidence = await zone.probe(subject)
    assert evidence.outcome is Outcome.PRESENT
    assert evidence.authenticated


async def test_a_signed_denial_is_authenticated_too(zone: Zone) -> None:
    evidence = await zone.probe(zone.subject("signed.test"))
    assert (evidence.outcome, evidence.reason) == (Outcome.ABSENT, Reason.NO_RECORD)
    assert evidence.authenticated


async def test_several_strings_of_one_record_are_one_text(zone: Zone) -> None:
    subject = zone.subject()
    head, tail = value_of(subject.token)[:9], value_of(subject.token)[9:]
    await zone.servers.add(subject.record.name, f'"{head}" "{tail}"')
    assert (await zone.probe(subject)).outcome is Outcome.PRESENT


async def test_two_records_are_two_texts(zone: Zone) -> None:
    subject = zone.subject()
    head, tail = value_of(subject.token)[:9], value_of(subject.token)[9:]
    await zone.publish(subject, head, tail)
    evidence = await zone.probe(subject)
    assert evidence.outcome is Outcome.ABSENT


async def test_other_tenants_records_at_the_name_do_no_harm(zone: Zone) -> None:
    subject = zone.subject()
    await zone.publish(subject, "v=other", value_of("z" * 32), value_of(subject.token))
    assert (await zone.probe(subject)).outcome is Outcome.PRESENT


async def test_forty_long_records_come_over_tcp(zone: Zone) -> None:
    subject = zone.subject()
    filler = [f"{number:03d}" + "x" * 177 for number in range(39)]
    await zone.publish(subject, *filler, value_of(subject.token))
    evidence = await zone.probe(subject)
    assert evidence.outcome is Outcome.PRESENT
    assert len(evidence.observations[0].answer.values) == 40


async def test_more_than_a_hundred_records_are_not_read(zone: Zone) -> None:
    subject = zone.subject()
    await zone.publish(subject, *(f"{number}" for number in range(100)), value_of(subject.token))
    evidence = await zone.probe(subject)
    assert (evidence.outcome, evidence.reason) == (Outcome.UNKNOWN, Reason.UNUSABLE_ANSWER)


async def test_a_truncated_answer_is_asked_for_over_tcp(zone: Zone) -> None:
    subject = zone.subject("trunc.fault.test")
    await zone.publish(subject)
    assert (await zone.probe(subject, at=[zone.dnsdist])).outcome is Outcome.PRESENT
    assert (await zone.probe(subject)).outcome is Outcome.PRESENT


async def test_a_cname_chain_of_two_within_the_zone_is_recorded(zone: Zone) -> None:
    subject = zone.subject()
    middle, last = f"m.{subject.domain.ascii}", f"l.{subject.domain.ascii}"
    await zone.servers.add(subject.record.name, f"{middle}.", rdtype="CNAME")
    await zone.servers.add(middle, f"{last}.", rdtype="CNAME")
    await zone.publish(subject, name=last)
    evidence = await zone.probe(subject)
    assert evidence.outcome is Outcome.PRESENT
    assert evidence.observations[0].answer.chain == (middle, last)


async def test_a_cname_to_nowhere_is_a_denial(zone: Zone) -> None:
    subject = zone.subject()
    await zone.servers.add(subject.record.name, "nowhere.saas.test.", rdtype="CNAME")
    evidence = await zone.probe(subject)
    assert (evidence.outcome, evidence.reason) == (Outcome.ABSENT, Reason.CNAME_BROKEN)
    assert "nowhere.saas.test" in evidence.explanation


async def test_a_cname_out_of_a_server_without_the_target_proves_nothing(zone: Zone) -> None:
    subject = zone.subject()
    await zone.servers.add(subject.record.name, "nowhere.elsewhere.invalid.", rdtype="CNAME")
    evidence = await zone.probe(subject, at=[zone.knot])
    assert (evidence.outcome, evidence.reason) == (Outcome.UNKNOWN, Reason.UNPROVEN_DENIAL)


async def test_a_cname_loop_is_no_denial(zone: Zone) -> None:
    subject = zone.subject()
    other = f"loop.{subject.domain.ascii}"
    await zone.servers.add(subject.record.name, f"{other}.", rdtype="CNAME")
    await zone.servers.add(other, f"{subject.record.name}.", rdtype="CNAME")
    through_resolver = await zone.probe(subject)
    assert through_resolver.outcome is Outcome.UNKNOWN
    assert through_resolver.reason in {Reason.SERVFAIL, Reason.CNAME_LOOP}
    assert "circles" in through_resolver.explanation
    direct = await zone.probe(subject, at=[zone.knot])
    assert (direct.outcome, direct.reason) == (Outcome.UNKNOWN, Reason.CNAME_LOOP)


async def test_nxdomain_tells_how_long_to_wait(zone: Zone) -> None:
    subject = zone.subject()
    direct = await zone.probe(subject, at=[zone.knot])
    assert (direct.outcome, direct.reason) == (Outcome.ABSENT, Reason.NO_RECORD)
    assert direct.retry_after == timedelta(seconds=SOA_MINIMUM)
    assert "5 seconds" in direct.explanation
    assert subject.record.host in direct.explanation
    assert direct.observations[0].answer.status is Status.NXDOMAIN
    through_resolver = await zone.probe(subject)
    assert through_resolver.retry_after is not None
    assert through_resolver.retry_after <= timedelta(seconds=MAX_NEGATIVE_TTL)


async def test_a_name_without_txt_is_a_denial(zone: Zone) -> None:
    subject = zone.subject()
    await zone.servers.add(subject.record.name, "192.0.2.1", rdtype="A")
    evidence = await zone.probe(subject)
    assert (evidence.outcome, evidence.reason) == (Outcome.ABSENT, Reason.NO_RECORD)
    assert {observed.answer.status for observed in evidence.observations} == {Status.NODATA}


async def test_servfail_is_unknown(zone: Zone) -> None:
    for domain in ("broken.test", "servfail.fault.test"):
        evidence = await zone.probe(zone.subject(domain))
        assert (evidence.outcome, evidence.reason) == (Outcome.UNKNOWN, Reason.SERVFAIL)
        assert "SERVFAIL" in evidence.explanation


async def test_refused_is_unknown(zone: Zone) -> None:
    subject = zone.subject("refused.fault.test")
    direct = await zone.probe(subject, at=[zone.dnsdist])
    assert (direct.outcome, direct.reason) == (Outcome.UNKNOWN, Reason.REFUSED)
    assert (await zone.probe(subject)).outcome is Outcome.UNKNOWN


async def test_no_reply_ends_in_time_and_is_unknown(zone: Zone) -> None:
    started = time.monotonic()
    evidence = await zone.probe(zone.subject("drop.fault.test"), at=[zone.dnsdist])
    assert (evidence.outcome, evidence.reason) == (Outcome.UNKNOWN, Reason.TIMEOUT)
    assert time.monotonic() - started < 3
    assert (await zone.probe(zone.subject("drop.fault.test"))).reason is Reason.TIMEOUT


async def test_a_slow_server_is_waited_for_within_reason(zone: Zone) -> None:
    subject = zone.subject("slow.fault.test")
    await zone.publish(subject)
    assert (await zone.probe(subject, at=[zone.dnsdist])).reason is Reason.TIMEOUT
    patient = Timeouts(attempt=3, attempts=1, total=6)
    evidence = await zone.probe(subject, at=[zone.dnsdist], timeouts=patient)
    assert evidence.outcome is Outcome.PRESENT


async def test_a_resolver_that_is_not_there_is_unknown(zone: Zone) -> None:
    subject = zone.subject()
    await zone.publish(subject)
    nobody = f"{LOOPBACK}:{closed_port()}"
    evidence = await zone.probe(subject, at=[zone.servers.resolvers[0], nobody])
    assert (evidence.outcome, evidence.reason) == (Outcome.UNKNOWN, Reason.TIMEOUT)


async def test_bogus_dnssec_is_neither_present_nor_absent(zone: Zone) -> None:
    subject = zone.subject("bad.test")
    await zone.publish(subject)
    evidence = await zone.probe(subject)
    assert (evidence.outcome, evidence.reason) == (Outcome.UNKNOWN, Reason.DNSSEC_BOGUS)
    assert "DNSSEC" in evidence.explanation


async def test_bogus_is_distinguished_from_other_faults_with_and_without_extended_errors(
    zone: Zone,
) -> None:
    details = []
    for resolver in zone.servers.resolvers:
        evidence = await zone.probe(zone.subject("bad.test"), at=[resolver])
        assert (evidence.outcome, evidence.reason) == (Outcome.UNKNOWN, Reason.DNSSEC_BOGUS)
        broken = await zone.probe(zone.subject("broken.test"), at=[resolver])
        assert broken.reason is Reason.SERVFAIL
        details.append(evidence.observations[0].answer.detail)
    assert "EDE" in details[0]
    assert details[1] == ""


async def test_the_ad_bit_of_a_resolver_far_away_proves_nothing(zone: Zone) -> None:
    subject = zone.subject("signed.test")
    await zone.publish(subject)
    evidence = await zone.probe(subject, trusted=False)
    assert evidence.outcome is Outcome.PRESENT
    assert not evidence.authenticated
    assert all(observed.answer.ad for observed in evidence.observations)


async def test_whether_resolvers_validate_is_measured_and_logged(zone: Zone) -> None:
    validating, nobody = zone.servers.resolvers[0], f"{LOOPBACK}:{closed_port()}"
    registry = CollectorRegistry()
    resolvers = [resolver_at(address) for address in (validating, zone.knot, nobody)]
    gauge = validation_gauge(registry)
    watch = ValidationMonitor(resolvers, gauge=gauge, signed="signed.test").poll()
    with structlog.testing.capture_logs() as logs:
        await watch.read()

    def value(address: str) -> float | None:
        return registry.get_sample_value("domain_resolver_validates", {"resolver": address})

    assert (value(validating), value(zone.knot), value(nobody)) == (1, 0, None)
    warned = [log["resolver"] for log in logs if log["event"] == "resolver.does_not_validate"]
    assert warned == [zone.knot]


async def test_a_domain_that_does_not_exist_is_reported_as_such(zone: Zone) -> None:
    subject = zone.subject("nosuch.test")
    for at in (None, [zone.knot]):
        evidence = await zone.probe(subject, at=at)
        assert (evidence.outcome, evidence.reason) == (Outcome.ABSENT, Reason.NO_DOMAIN)
        assert "nosuch.test does not exist" in evidence.explanation


async def test_the_longest_name_can_be_verified(zone: Zone) -> None:
    label = zone.subject().domain.ascii.removesuffix(".acme.test")
    long = ".".join(["a" * 60] * 3) + f".{'b' * (234 - 3 * 61 - len(label) - 11)}.{label}"
    subject = Subject(NAMES.parse(f"{long}.acme.test"), zone.token)
    assert len(subject.domain.ascii) == 234
    assert len(subject.record.name) == 253
    await zone.publish(subject)
    assert (await zone.probe(subject)).outcome is Outcome.PRESENT


async def test_a_chain_of_too_many_aliases_is_no_denial(zone: Zone) -> None:
    subject = zone.subject()
    names = [subject.record.name, *(f"c{n}.{subject.domain.ascii}" for n in range(18))]
    for name, target in itertools.pairwise(names):
        await zone.servers.add(name, f"{target}.", rdtype="CNAME")
    await zone.publish(subject, name=names[-1])
    assert (await zone.probe(subject, at=[zone.knot])).outcome is Outcome.UNKNOWN
    assert (await zone.probe(subject)).outcome is Outcome.UNKNOWN


async def test_sixty_kilobytes_of_records_are_read(zone: Zone) -> None:
    subject = zone.subject()
    filler = ['" "'.join([f"{number:03d}" + "x" * 197] * 3) for number in range(95)]
    await zone.publish(subject, *filler, value_of(subject.token))
    evidence = await zone.probe(subject)
    assert evidence.outcome is Outcome.PRESENT
    assert sum(len(value) for value in evidence.observations[0].answer.values) > 57_000


async def test_an_alias_to_a_name_nobody_serves_is_no_denial(zone: Zone) -> None:
    subject = zone.subject()
    await zone.servers.add(subject.record.name, "nowhere.elsewhere.invalid.", rdtype="CNAME")
    assert (await zone.probe(subject)).outcome is Outcome.UNKNOWN


async def test_a_wrong_value_is_shown(zone: Zone) -> None:
    subject = zone.subject()
    await zone.publish(subject, "v=spf1 -all", 'say \\"hi\\"')
    evidence = await zone.probe(subject)
    assert (evidence.outcome, evidence.reason) == (Outcome.ABSENT, Reason.WRONG_VALUE)
    assert "“v=spf1 -all”" in evidence.explanation
    assert subject.record.value in evidence.explanation


async def test_the_right_token_in_a_wrong_shape_is_reported(zone: Zone) -> None:
    subject = zone.subject()
    await zone.publish(subject, f"token={subject.token}")
    evidence = await zone.probe(subject)
    assert (evidence.outcome, evidence.reason) == (Outcome.ABSENT, Reason.NEAR_MISS)


async def test_a_doubled_zone_name_is_reported(zone: Zone) -> None:
    subject = zone.subject()
    await zone.publish(subject, name=f"{subject.record.name}.acme.test")
    evidence = await zone.probe(subject)
    assert (evidence.outcome, evidence.reason) == (Outcome.ABSENT, Reason.DOUBLED_ZONE)
    assert f"“{subject.record.host}”" in evidence.explanation
    unexplained = await zone.probe(subject, explain=False)
    assert unexplained.reason is Reason.NO_RECORD


@pytest.mark.parametrize("host_part", [True, False])
async def test_a_doubled_name_of_a_zone_below_the_registered_one_is_reported(
    zone: Zone, host_part: bool
) -> None:
    subject = zone.subject()
    wrong = subject.record.host if host_part else subject.record.name
    await zone.publish(subject, name=f"{wrong}.{subject.domain.ascii}")
    evidence = await zone.probe(subject)
    assert (evidence.outcome, evidence.reason) == (Outcome.ABSENT, Reason.DOUBLED_ZONE)
    assert f"{wrong}.{subject.domain.ascii}:" in evidence.explanation


async def test_a_value_at_the_apex_is_reported(zone: Zone) -> None:
    subject = zone.subject()
    await zone.publish(subject, name=subject.domain.ascii)
    evidence = await zone.probe(subject)
    assert (evidence.outcome, evidence.reason) == (Outcome.ABSENT, Reason.AT_APEX)


@pytest.mark.parametrize("host", ["", "_portico-challenge."])
async def test_a_record_at_the_name_of_the_parent_domain_is_reported(zone: Zone, host: str) -> None:
    # Resolvers remember that a parent which tests share has no record: this one has its own.
    subject = zone.subject(f"parent-of-{zone.subject().domain.ascii}")
    wrong = host + subject.domain.parents[0]
    await zone.publish(subject, name=wrong)
    evidence = await zone.probe(subject)
    assert (evidence.outcome, evidence.reason) == (Outcome.ABSENT, Reason.AT_PARENT)
    assert f"stands at {wrong}," in evidence.explanation
    assert subject.record.name in evidence.explanation


async def test_j1_a_value_without_quotes_in_a_zone_file_is_explained(zone: Zone) -> None:
    subject = zone.subject()
    await zone.publish(subject, f"token={subject.token}expiry=never")
    evidence = await zone.probe(subject)
    assert (evidence.outcome, evidence.reason) == (Outcome.ABSENT, Reason.NEAR_MISS)
    assert f'in double quotes: "{subject.record.value}"' in evidence.explanation
    assert "Remove added quotes" not in evidence.explanation


async def test_added_after_a_check_only_some_resolvers_see_it_until_caches_end(zone: Zone) -> None:
    subject = zone.subject()
    first, second = zone.servers.resolvers
    assert (await zone.probe(subject, at=[first])).outcome is Outcome.ABSENT
    await zone.publish(subject)
    evidence = await zone.probe(subject)
    assert (evidence.outcome, evidence.reason) == (Outcome.UNKNOWN, Reason.SOME_RESOLVERS)
    assert f"{second} yes" in evidence.explanation
    assert f"{first} not yet" in evidence.explanation
    assert evidence.retry_after is not None

    async def seen_by_all() -> bool:
        return (await zone.probe(subject)).outcome is Outcome.PRESENT

    await eventually(seen_by_all, within=MAX_NEGATIVE_TTL + 5, every=0.2)


async def test_removed_after_a_check_caches_show_it_until_their_ttl_ends(zone: Zone) -> None:
    subject = zone.subject()
    await zone.publish(subject)
    assert (await zone.probe(subject)).outcome is Outcome.PRESENT
    await zone.servers.remove(subject.record.name)
    assert (await zone.probe(subject, at=[zone.knot])).outcome is Outcome.ABSENT
    assert (await zone.probe(subject)).outcome is Outcome.PRESENT
    zone.servers.flush(subject.record.name)
    assert (await zone.probe(subject)).outcome is Outcome.ABSENT


async def test_removed_after_a_check_it_is_gone_when_the_ttl_ends(zone: Zone) -> None:
    subject = zone.subject()
    await zone.servers.add(subject.record.name, f'"{value_of(subject.token)}"', ttl=2)
    assert (await zone.probe(subject)).outcome is Outcome.PRESENT
    await zone.servers.remove(subject.record.name)

    async def gone() -> bool:
        return (await zone.probe(subject)).outcome is Outcome.ABSENT

    await eventually(gone, within=10, every=0.2)
