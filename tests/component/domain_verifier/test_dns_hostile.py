"""Servers that forge, stall and stutter: a check ends in time and believes none of it."""

import asyncio
import itertools
import struct
import time
from contextlib import suppress

import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rrset
import pytest
from dns.edns import EDECode
from prometheus_client import CollectorRegistry

from domain_verifier.dns.resolver import Timeouts
from domain_verifier.dns.validation import ValidationMonitor, validation_gauge
from domain_verifier.domain.challenge import value_of
from domain_verifier.domain.evidence import Evidence, Outcome, Reason
from domain_verifier.domain.explanation import Subject
from support.dns_probing import NAMES, PATIENCE, TOKEN, make_prober, resolver_at
from support.dns_scripted import Datagram, Send, Stream, scripted

SUBJECT = Subject(NAMES.parse("acme.test"), TOKEN)
RIGHT = f'"{value_of(TOKEN)}"'


def reply(
    query: dns.message.Message, *values: str, rcode: dns.rcode.Rcode = dns.rcode.NOERROR
) -> dns.message.Message:
    response = dns.message.make_response(query, recursion_available=True)
    response.set_rcode(rcode)
    name = query.question[0].name
    if values:
        response.answer.append(dns.rrset.from_text(name, 60, "IN", "TXT", *values))
    else:
        soa = "ns.acme.test. admin.acme.test. 1 3600 600 86400 5"
        response.authority.append(dns.rrset.from_text("acme.test.", 5, "IN", "SOA", soa))
    return response


def asks_for_record(query: dns.message.Message) -> bool:
    return query.question[0].name.to_text().startswith("_portico-challenge.")


def honest(query: dns.message.Message) -> dns.message.Message:
    if asks_for_record(query):
        return reply(query, RIGHT)
    return reply(query, rcode=dns.rcode.NXDOMAIN)


async def probe(datagram: Datagram, stream: Stream | None = None) -> Evidence:
    async with scripted(datagram, stream) as address:
        return await make_prober([address]).probe(SUBJECT, explain=True)


async def test_stray_and_forged_packets_are_waited_past() -> None:
    async def answer(query: dns.message.Message, send: Send) -> None:
        forged = reply(query, '"forged"')
        forged.id = (query.id + 1) % 65536
        send(b"")
        send(b"\x00garbage")
        send(forged.to_wire())
        other = dns.message.make_query("other.test.", "TXT", id=query.id)
        send(reply(other, '"for another question"').to_wire())
        send(query.to_wire())
        await asyncio.sleep(0.05)
        send(honest(query).to_wire())

    evidence = await probe(answer)
    assert (evidence.outcome, evidence.reason) == (Outcome.PRESENT, Reason.MATCHED)


async def test_nothing_but_forged_packets_is_silence() -> None:
    async def answer(query: dns.message.Message, send: Send) -> None:
        for number in range(1, 200):
            forged = reply(query, RIGHT)
            forged.id = (query.id + number) % 65536
            send(forged.to_wire())

    evidence = await probe(answer)
    assert (evidence.outcome, evidence.reason) == (Outcome.UNKNOWN, Reason.TIMEOUT)


@pytest.mark.parametrize("fault", ["servfail", "silence"])
async def test_a_sibling_that_does_not_answer_leaves_the_wildcard_question_open(
    fault: str,
) -> None:
    async def answer(query: dns.message.Message, send: Send) -> None:
        if asks_for_record(query):
            send(honest(query).to_wire())
        elif fault == "servfail":
            send(reply(query, rcode=dns.rcode.SERVFAIL).to_wire())

    evidence = await probe(answer)
    reason = Reason.SERVFAIL if fault == "servfail" else Reason.TIMEOUT
    assert (evidence.outcome, evidence.reason) == (Outcome.UNKNOWN, reason)


async def test_a_servfail_stays_one_when_the_unchecked_question_is_not_answered() -> None:
    async def answer(query: dns.message.Message, send: Send) -> None:
        if not query.flags & dns.flags.CD:
            send(reply(query, rcode=dns.rcode.SERVFAIL).to_wire())

    evidence = await probe(answer)
    assert (evidence.outcome, evidence.reason) == (Outcome.UNKNOWN, Reason.SERVFAIL)


def servfail(query: dns.message.Message, *, ede: EDECode | None = None) -> dns.message.Message:
    response = reply(query, rcode=dns.rcode.SERVFAIL)
    response.authority.clear()
    if ede is not None:
        response.use_edns(0, options=[dns.edns.EDEOption(ede)])
    return response


async def test_a_server_that_says_why_it_failed_is_believed() -> None:
    async def answer(query: dns.message.Message, send: Send) -> None:
        checked = not query.flags & dns.flags.CD
        failed = servfail(query, ede=EDECode.NO_REACHABLE_AUTHORITY)
        send((failed if checked else honest(query)).to_wire())

    assert (await probe(answer)).reason is Reason.SERVFAIL


async def test_a_fault_that_is_over_at_the_second_question_is_no_fault() -> None:
    asked: list[str] = []

    async def answer(query: dns.message.Message, send: Send) -> None:
        name = query.question[0].name.to_text()
        checked = not query.flags & dns.flags.CD
        failing = checked and name not in asked
        asked.extend([name] if checked else [])
        send((servfail(query) if failing else honest(query)).to_wire())

    assert (await probe(answer)).outcome is Outcome.PRESENT


async def test_an_unchecked_answer_that_says_nothing_makes_no_signature_wrong() -> None:
    async def answer(query: dns.message.Message, send: Send) -> None:
        if not query.flags & dns.flags.CD:
            send(servfail(query).to_wire())
            return
        empty = reply(query, rcode=dns.rcode.NXDOMAIN)
        empty.authority.clear()
        send(empty.to_wire())

    assert (await probe(answer)).reason is Reason.SERVFAIL


async def test_a_servfail_is_no_timeout_when_time_runs_out_over_the_next_question() -> None:
    async def answer(query: dns.message.Message, send: Send) -> None:
        if not query.flags & dns.flags.CD:
            send(servfail(query).to_wire())

    async with scripted(answer) as address:
        timeouts = Timeouts(attempt=5.0, attempts=1, total=1.0)
        evidence = await make_prober([address], timeouts=timeouts).probe(SUBJECT, explain=False)
    assert (evidence.outcome, evidence.reason) == (Outcome.UNKNOWN, Reason.SERVFAIL)


async def test_a_silent_resolver_keeps_nobody_from_being_asked_whether_it_validates() -> None:
    async def silent(_query: dns.message.Message, _send: Send) -> None:
        asked.append("silent")

    async def speaking(query: dns.message.Message, send: Send) -> None:
        asked.append("speaking")
        send(honest(query).to_wire())

    asked: list[str] = []
    timeouts = Timeouts(attempt=30.0, attempts=1, total=30.0)
    registry = CollectorRegistry()
    async with scripted(silent) as first, scripted(speaking) as second:
        resolvers = [resolver_at(address, timeouts=timeouts) for address in (first, second)]
        poll = ValidationMonitor(resolvers, gauge=validation_gauge(registry)).poll()
        for _ in range(3):
            # As the polling loop does: nobody is waited for longer than this.
            with suppress(TimeoutError):
                async with asyncio.timeout(0.5):
                    await poll.read()
    assert sorted(asked) == ["silent", "speaking"]
    gauge = registry.get_sample_value("domain_resolver_validates", {"resolver": second})
    assert gauge == 0


async def test_a_denial_on_the_word_of_another_zone_does_not_count() -> None:
    async def answer(query: dns.message.Message, send: Send) -> None:
        response = reply(query, rcode=dns.rcode.NXDOMAIN)
        [soa] = response.authority
        soa.name = dns.name.from_text("policy.resolver.test.")
        send(response.to_wire())

    evidence = await probe(answer)
    assert (evidence.outcome, evidence.reason) == (Outcome.UNKNOWN, Reason.UNPROVEN_DENIAL)


async def test_a_chain_is_not_followed_for_ever() -> None:
    async def answer(query: dns.message.Message, send: Send) -> None:
        names = [query.question[0].name.to_text(), *(f"c{n}.acme.test." for n in range(18))]
        response = dns.message.make_response(query)
        for name, target in itertools.pairwise(names):
            response.answer.append(dns.rrset.from_text(name, 60, "IN", "CNAME", target))
        response.answer.append(dns.rrset.from_text(names[-1], 60, "IN", "TXT", RIGHT))
        send(response.to_wire())

    evidence = await probe(answer)
    assert (evidence.outcome, evidence.reason) == (Outcome.UNKNOWN, Reason.CNAME_LOOP)


async def _cut(query: dns.message.Message, send: Send) -> None:
    response = dns.message.make_response(query)
    response.flags |= dns.flags.TC
    send(response.to_wire())


async def _hang(_query: dns.message.Message, _writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def _drip(query: dns.message.Message, writer: asyncio.StreamWriter) -> None:
    wire = honest(query).to_wire()
    for byte in struct.pack("!H", len(wire)) + wire:
        writer.write(bytes([byte]))
        await asyncio.sleep(0.2)


async def _close(_query: dns.message.Message, writer: asyncio.StreamWriter) -> None:
    writer.write(struct.pack("!H", 500) + b"x" * 20)


@pytest.mark.parametrize(
    ("stream", "reason"),
    [(_hang, Reason.TIMEOUT), (_drip, Reason.TIMEOUT), (_close, Reason.TIMEOUT)],
)
async def test_tcp_that_stalls_or_breaks_off_ends_in_time(stream: Stream, reason: Reason) -> None:
    began = time.monotonic()
    evidence = await probe(_cut, stream)
    assert (evidence.outcome, evidence.reason) == (Outcome.UNKNOWN, reason)
    assert time.monotonic() - began < PATIENCE.total + 1
