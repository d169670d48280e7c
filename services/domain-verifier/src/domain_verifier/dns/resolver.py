"""One validating resolver: a TXT query, and its answer as the domain's `Answer`.

Every query ends within `Timeouts.total` seconds whatever the resolver does; no answer, however
malformed, raises.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

import dns.asyncquery
import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rdtypes.ANY.TXT
import dns.rrset

from domain_verifier.dns.endpoint import Endpoint
from domain_verifier.domain.evidence import Answer, Status

# What fits in one unfragmented datagram nearly everywhere (DNS flag day 2020).
EDNS_PAYLOAD = 1232
MAX_RECORDS = 100
# Seconds before the end in which an answer that is known already is given.
MARGIN = 0.05
# RFC 8914: extended errors that mean "the signatures do not hold".
_BOGUS_EDE = frozenset(range(5, 13))
_RCODES = {dns.rcode.SERVFAIL: Status.SERVFAIL, dns.rcode.REFUSED: Status.REFUSED}


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long a resolver may take."""

    attempt: float = 1.5
    """Seconds until a question is sent again."""
    attempts: int = 2
    total: float = 4.0
    """Seconds for everything, TCP after truncation included."""


class Resolver:
    """A recursive resolver that validates DNSSEC.

    `trusted`: nobody else can write to the path to it, so that its AD bit means something
    (RFC 4035 §4.9.3).
    """

    def __init__(self, endpoint: Endpoint, *, timeouts: Timeouts, trusted: bool) -> None:
        self._endpoint = endpoint
        self._timeouts = timeouts
        self._trusted = trusted

    @property
    def name(self) -> str:
        """Return its address for people."""
        return str(self._endpoint)

    async def txt(self, name: str) -> Answer:
        """Return the TXT records at a name, or why there are none."""
        ends_at = asyncio.get_running_loop().time() + self._timeouts.total
        try:
            async with asyncio.timeout_at(ends_at):
                return await self._txt(name, ends_at)
        except TimeoutError:
            return self._failed(Status.TIMEOUT)

    async def _txt(self, name: str, ends_at: float) -> Answer:
        try:
            question = dns.name.from_text(f"{name}.", origin=None)
            response = await self._ask(question, attempts=self._timeouts.attempts)
            if response.rcode() == dns.rcode.SERVFAIL:
                return await self._servfail(question, response, ends_at)
            return self._read(response)
        except dns.exception.Timeout:
            return self._failed(Status.TIMEOUT)
        except dns.message.ChainTooLong:
            return self._failed(Status.LOOP)
        except dns.exception.DNSException as error:
            return self._failed(Status.MALFORMED, type(error).__name__)
        except (OSError, EOFError) as error:
            return self._failed(Status.UNREACHABLE, type(error).__name__)

    async def _ask(
        self, question: dns.name.Name, *, attempts: int, flags: int = 0
    ) -> dns.message.Message:
        for attempt in range(1, attempts + 1):
            # A new id and a new source port for every attempt.
            query = dns.message.make_query(
                question,
                dns.rdatatype.TXT,
                use_edns=0,
                payload=EDNS_PAYLOAD,
                flags=dns.flags.RD | dns.flags.AD | flags,
            )
            try:
                response, _ = await dns.asyncquery.udp_with_fallback(
                    query,
                    self._endpoint.host,
                    timeout=self._timeouts.attempt,
                    port=self._endpoint.port,
                    # Stray and forged packets are waited past, not believed (CVE-2023-29483).
                    ignore_unexpected=True,
                    ignore_errors=True,
                )
            except dns.exception.Timeout:
                if attempt == attempts:
                    raise
            else:
                return response
        raise dns.exception.Timeout

    async def _servfail(
        self, question: dns.name.Name, response: dns.message.Message, ends_at: float
    ) -> Answer:
        """Tell bad signatures from other faults: with checking disabled the data would come."""
        codes = [int(o.code) for o in response.options if isinstance(o, dns.edns.EDEOption)]
        detail = ",".join(f"EDE {code}" for code in codes)
        if _BOGUS_EDE.intersection(codes):
            return self._failed(Status.BOGUS, detail)
        failed = self._failed(Status.SERVFAIL, detail)
        if codes:
            return failed
        try:
            async with asyncio.timeout_at(ends_at - MARGIN):
                return await self._with_checking_disabled(question, failed)
        except (TimeoutError, dns.exception.DNSException, OSError, EOFError):
            # What the first answer said stands: the server failed.
            return failed

    async def _with_checking_disabled(self, question: dns.name.Name, failed: Answer) -> Answer:
        unchecked = await self._ask(question, attempts=1, flags=dns.flags.CD)
        if unchecked.rcode() not in {dns.rcode.NOERROR, dns.rcode.NXDOMAIN}:
            return failed
        if not unchecked.answer and not unchecked.authority:
            return failed
        # The fault may have been over in between.
        again = await self._ask(question, attempts=1)
        if again.rcode() == dns.rcode.SERVFAIL:
            return self._failed(Status.BOGUS)
        return self._read(again)

    def _read(self, response: dns.message.Message) -> Answer:
        rcode = response.rcode()
        if rcode not in {dns.rcode.NOERROR, dns.rcode.NXDOMAIN}:
            return self._failed(_RCODES.get(rcode, Status.MALFORMED), dns.rcode.to_text(rcode))
        if not isinstance(response, dns.message.QueryMessage):
            return self._failed(Status.MALFORMED, type(response).__name__)
        chaining = response.resolve_chaining()
        ad = bool(response.flags & dns.flags.AD)
        chain = tuple(_target(cname) for cname in chaining.cnames)
        answer = Answer(
            resolver=self.name,
            status=Status.NXDOMAIN if rcode == dns.rcode.NXDOMAIN else Status.NODATA,
            chain=chain,
            redirected=_redirected(response, chain),
            ad=ad,
            authenticated=ad and self._trusted,
            ttl=chaining.minimum_ttl,
            zone=_zone_above(chaining.canonical_name, response),
        )
        if chaining.answer is None:
            return answer
        if len(chaining.answer) > MAX_RECORDS:
            return self._failed(Status.MALFORMED, f"{len(chaining.answer)} records")
        return replace(answer, status=Status.ANSWERED, values=_values(chaining.answer))

    def _failed(self, status: Status, detail: str = "") -> Answer:
        return Answer(resolver=self.name, status=status, detail=detail)


def _zone_above(name: dns.name.Name, response: dns.message.Message) -> str | None:
    """Return the zone whose SOA is there, if the name could be in it: other zones do not count."""
    owners = (rrset.name for rrset in response.authority if rrset.rdtype == dns.rdatatype.SOA)
    zone = next((owner for owner in owners if name.is_subdomain(owner)), None)
    return None if zone is None else zone.to_text(omit_final_dot=True).strip(".").lower()


def _redirected(response: dns.message.Message, chain: Sequence[str]) -> frozenset[str]:
    """Return the targets of the chain that DNAMEs made up for the names before them."""
    owners = [rrset.name for rrset in response.answer if rrset.rdtype == dns.rdatatype.DNAME]
    names = [response.question[0].name, *(dns.name.from_text(f"{name}.") for name in chain)]
    return frozenset(
        target
        for name, target in zip(names, chain, strict=False)
        if any(name != owner and name.is_subdomain(owner) for owner in owners)
    )


def _target(cname: dns.rrset.RRset) -> str:
    return str(cname[0].target.to_text(omit_final_dot=True)).lower()


def _values(txt: dns.rrset.RRset) -> tuple[bytes, ...]:
    """Join each record's character-strings: they are one text cut in pieces (RFC 7208 §3.3)."""
    joined = (b"".join(record.strings) for record in txt)
    return tuple(sorted(joined))
