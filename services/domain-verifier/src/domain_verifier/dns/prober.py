"""A whole check: all resolvers at once, the random sibling, the hints, then the verdict."""

import asyncio
import secrets
from collections.abc import Callable, Sequence

from domain_verifier.dns.resolver import Resolver
from domain_verifier.domain.challenge import proves
from domain_verifier.domain.evidence import Evidence, Hints, Look, Status
from domain_verifier.domain.explanation import Subject
from domain_verifier.domain.judgement import judge

_DENIALS = frozenset({Status.NXDOMAIN, Status.NODATA})


def random_label() -> str:
    """Return a label that nobody can have published."""
    return f"_{secrets.token_hex(12)}"


class DnsProber:
    """Looks for claims' records through every configured resolver."""

    def __init__(
        self,
        resolvers: Sequence[Resolver],
        *,
        registrable_of: Callable[[str], str],
        label: Callable[[], str] = random_label,
    ) -> None:
        self._resolvers = resolvers
        self._registrable_of = registrable_of
        self._label = label

    async def probe(self, subject: Subject, *, explain: bool) -> Evidence:
        """Return what DNS says of the claim; with `explain`, look for the usual mistakes too."""
        looks = await asyncio.gather(*(self._look(r, subject) for r in self._resolvers))
        denied = all(look.answer.status in _DENIALS for look in looks)
        hints = await self._hints(subject) if explain and denied else None
        return judge(looks, subject=subject, registrable_of=self._registrable_of, hints=hints)

    async def _look(self, resolver: Resolver, subject: Subject) -> Look:
        answer = await resolver.txt(subject.record.name)
        if not proves(subject.token, answer.values):
            return Look(answer)
        sibling = await resolver.txt(f"{self._label()}.{subject.domain.ascii}")
        return Look(answer, sibling)

    async def _hints(self, subject: Subject) -> Hints:
        """Ask where a DNS console or a hurried hand puts the record instead."""
        resolver = self._resolvers[0]
        doubled, apex = await asyncio.gather(
            resolver.txt(f"{subject.record.name}.{subject.domain.registrable}"),
            resolver.txt(subject.domain.ascii),
        )
        return Hints(
            doubled_zone=proves(subject.token, doubled.values),
            at_apex=proves(subject.token, apex.values),
        )
