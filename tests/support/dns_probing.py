"""Probing real DNS servers: subjects with names never used before, and probers at any server."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

from domain_verifier.dns.endpoint import Endpoint
from domain_verifier.dns.prober import DnsProber
from domain_verifier.dns.resolver import Resolver, Timeouts
from domain_verifier.domain.challenge import value_of
from domain_verifier.domain.evidence import Evidence
from domain_verifier.domain.explanation import Subject
from domain_verifier.domain.name import DomainName, NamePolicy
from support.dns_servers import LOOPBACK, DnsServers

TOKEN = "abcdefghijklmnopqrstuvwxyz234567"
OTHER_TOKEN = "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"
NAMES = NamePolicy(test_zones=("test",))
PATIENCE = Timeouts(attempt=0.5, attempts=2, total=2.0)
# Caches of resolvers outlive a test: each takes names of its own.
_numbers = itertools.count(1)


def resolver_at(address: str, *, timeouts: Timeouts = PATIENCE, trusted: bool = True) -> Resolver:
    """Return a resolver at this server."""
    return Resolver(Endpoint.parse(address), timeouts=timeouts, trusted=trusted)


def make_prober(
    addresses: Sequence[str], *, timeouts: Timeouts = PATIENCE, trusted: bool = True
) -> DnsProber:
    """Return a prober at these servers."""
    resolvers = [resolver_at(text, timeouts=timeouts, trusted=trusted) for text in addresses]
    return DnsProber(resolvers, names=NAMES)


@dataclass
class Zone:
    """A test's view of the DNS servers."""

    servers: DnsServers
    token: str = TOKEN
    _label: str = field(default_factory=lambda: f"t{next(_numbers)}")

    def subject(self, below: str = "acme.test") -> Subject:
        """Return this test's own domain below a zone, and its token."""
        return Subject(NAMES.parse(f"{self._label}.{below}"), self.token)

    def apex(self, domain: str) -> Subject:
        """Return a zone's own name as a subject."""
        return Subject(DomainName(domain, domain), self.token)

    async def publish(self, subject: Subject, *values: str, name: str | None = None) -> None:
        """Publish the right record, or others, at the record's name or elsewhere."""
        texts = [f'"{value}"' for value in values or (value_of(subject.token),)]
        await self.servers.add(name or subject.record.name, *texts)

    async def probe(
        self,
        subject: Subject,
        *,
        at: Sequence[str] | None = None,
        explain: bool = True,
        timeouts: Timeouts = PATIENCE,
        trusted: bool = True,
    ) -> Evidence:
        """Check through the two validating resolvers, or at other servers."""
        prober = make_prober(at or self.servers.resolvers, timeouts=timeouts, trusted=trusted)
        return await prober.probe(subject, explain=explain)

    @property
    def knot(self) -> str:
        """The authoritative server."""
        return f"{LOOPBACK}:{self.servers.ports.knot}"

    @property
    def dnsdist(self) -> str:
        """The proxy with faults."""
        return f"{LOOPBACK}:{self.servers.ports.dnsdist}"
