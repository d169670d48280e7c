"""When the stories begin, and a DNS that does what a test says."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from domain_verifier.domain.evidence import Evidence, Outcome, Reason
from domain_verifier.domain.explanation import Subject

START = datetime(2026, 11, 23, 12, tzinfo=UTC)


@dataclass
class ScriptedProber:
    """DNS whose answers a test sets per domain."""

    outcomes: dict[str, Evidence] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def says(self, domain: str, outcome: Outcome, *, authenticated: bool = True) -> None:
        """Set what the next checks of a domain find."""
        reason = {
            Outcome.PRESENT: Reason.MATCHED,
            Outcome.ABSENT: Reason.NO_RECORD,
            Outcome.UNKNOWN: Reason.TIMEOUT,
        }[outcome]
        self.outcomes[domain] = Evidence(
            outcome, reason, f"It is {outcome}.", authenticated=authenticated
        )

    async def probe(self, subject: Subject, *, explain: bool) -> Evidence:
        """Return what was set; ABSENT without."""
        self.asked.append(subject.domain.ascii)
        default = Evidence(Outcome.ABSENT, Reason.NO_RECORD, "Nothing there.")
        return self.outcomes.get(subject.domain.ascii, default)
