"""A whole DNS check: all resolvers at once, the random sibling name, the hints, the verdict."""

import asyncio
import secrets
from collections.abc import Callable, Sequence

from domain_verifier.dns.resolver import Resolver
from domain_verifier.domain.challenge import LABEL, proves
from domain_verifier.domain.evaluation import evaluate
from domain_verifier.domain.evidence import DENIALS, Evidence, Hints, Observation
from domain_verifier.domain.explanation import Subject
from domain_verifier.domain.name import MAX_OCTETS, NamePolicy

# Of the zones above a name, so many are searched for a misplaced record.
MAX_ZONES = 3


def random_label() -> str:
    """Return a label that nobody can have published, no longer than the record's own."""
    return f"_{secrets.token_hex(len(LABEL) // 2)}"[: len(LABEL)]


class DnsProber:
    """Queries claims' records through every configured resolver."""

    def __init__(
        self,
        resolvers: Sequence[Resolver],
        *,
        names: NamePolicy,
        label: Callable[[], str] = random_label,
    ) -> None:
        self._resolvers = resolvers
        self._names = names
        self._label = label

    async def probe(self, subject: Subject, *, explain: bool) -> Evidence:
        """Return what DNS says of the claim; with `explain`, query for the usual mistakes too."""
        observations = await asyncio.gather(*(self._observe(r, subject) for r in self._resolvers))
        denied = all(observation.answer.status in DENIALS for observation in observations)
        hints = await self._hints(subject) if explain and denied else None
        return evaluate(observations, subject=subject, names=self._names, hints=hints)

    async def _observe(self, resolver: Resolver, subject: Subject) -> Observation:
        answer = await resolver.txt(subject.record.name)
        if not proves(subject.token, answer.values):
            return Observation(answer)
        sibling = await resolver.txt(f"{self._label()}.{subject.domain.ascii}")
        return Observation(answer, sibling)

    async def _hints(self, subject: Subject) -> Hints:
        """Query the names at which DNS consoles or typing errors put the record instead."""
        resolver, places = self._resolvers[0], _doubled_names(subject)
        above = _names_above(subject)
        names = [subject.domain.ascii, *above, *places]
        answers = await asyncio.gather(*(resolver.txt(name) for name in names))
        told = zip(names, answers, strict=True)
        holding = {name for name, answer in told if proves(subject.token, answer.values)}
        return Hints(
            doubled_at=next((name for name in places if name in holding), None),
            at_apex=subject.domain.ascii in holding,
            above_at=next((name for name in above if name in holding), None),
        )


def _names_above(subject: Subject) -> list[str]:
    """Return where the record lands when it is published for a domain above the claimed one."""
    parents = subject.domain.parents[:MAX_ZONES]
    return [name for parent in parents for name in (f"{LABEL}.{parent}", parent)]


def _doubled_names(subject: Subject) -> list[str]:
    """Return where the record lands when a console adds its zone's name to a name that has it.

    The zone may be the registered domain or a delegated one below it.
    """
    record, domain = subject.record, subject.domain
    zones = list(dict.fromkeys([domain.ascii, *domain.parents[:MAX_ZONES], domain.registrable]))
    names = [f"{record.name}.{zone}" for zone in zones]
    # The host part for the registered domain, typed into the console of a zone below it.
    names += [f"{record.host}.{zone}" for zone in zones if zone != domain.registrable]
    return [name for name in names if len(name) <= MAX_OCTETS]
