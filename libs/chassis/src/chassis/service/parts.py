"""What a process of a service runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from chassis.http import Application
from chassis.loops import Loop
from chassis.observe import Check, Poll


class Mode(StrEnum):
    """What a process does."""

    SERVE = "serve"
    WORK = "work"
    ALL = "all"

    @property
    def serves(self) -> bool:
        """Whether it answers HTTP."""
        return self is not Mode.WORK

    @property
    def works(self) -> bool:
        """Whether it runs relay and consumers."""
        return self is not Mode.SERVE

    def connections(self, most: int) -> int:
        """Return how many database connections a process needs, of those it may have.

        Half of them where nobody waits for an answer: what applies events is one thread of Python.
        """
        return most if self.serves else max(min(most, 2), most // 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a process is made of, once it has been wired for its mode."""

    app: Application
    """Run by a process that answers HTTP, after all loops; it stops before any of them."""
    loops: Sequence[Loop]
    """The relay first, then what writes to the outbox; stopped in reverse order."""
    checks: Sequence[Check] = ()
    polls: Sequence[Poll] = ()
