"""Whether the resolvers validate DNSSEC, measured now and then by a signed zone: the root."""

import asyncio
from collections.abc import Sequence

import structlog
from prometheus_client import REGISTRY, CollectorRegistry, Gauge

from chassis.observe import Poll
from domain_verifier.dns.resolver import Resolver
from domain_verifier.domain.evidence import CONCLUSIVE

log = structlog.get_logger()

ROOT = ""
EVERY_POLLS = 60


def validation_gauge(registry: CollectorRegistry = REGISTRY) -> Gauge:
    """Return the gauge of whether each resolver validates."""
    return Gauge(
        "domain_resolver_validates",
        "1 if the resolver validates DNSSEC, 0 if not; as it was when it last answered",
        ["resolver"],
        registry=registry,
    )


async def validates(resolver: Resolver, *, signed: str = ROOT) -> bool | None:
    """Tell whether a resolver sets the AD bit for a signed zone; None if it does not answer."""
    answer = await resolver.txt(signed)
    return answer.ad if answer.status in CONCLUSIVE else None


class ValidationMonitor:
    """Updates the gauge, and logs a warning when a resolver does not validate."""

    def __init__(self, resolvers: Sequence[Resolver], *, gauge: Gauge, signed: str = ROOT) -> None:
        self._resolvers = resolvers
        self._gauge = gauge
        self._signed = signed
        self._polls = 0
        self._known: dict[str, bool] = {}

    def poll(self) -> Poll:
        """Return the poll; it queries once in `EVERY_POLLS` calls."""
        return Poll("resolvers", self._read)

    async def _read(self) -> None:
        due = self._polls % EVERY_POLLS == 0
        # Counted before: a resolver that takes longer than a poll may is not asked at every one.
        self._polls += 1
        if due:
            await asyncio.gather(*(self._validate(resolver) for resolver in self._resolvers))

    async def _validate(self, resolver: Resolver) -> None:
        valid = await validates(resolver, signed=self._signed)
        if valid is None:
            return
        self._gauge.labels(resolver.name).set(int(valid))
        if not valid and self._known.get(resolver.name, True):
            log.warning("resolver.does_not_validate", resolver=resolver.name)
        self._known[resolver.name] = valid
