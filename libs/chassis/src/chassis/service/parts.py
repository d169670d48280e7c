"""What a process of a service runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from chassis.http import Application
from chassis.loops import Loop
from chassis.observe import Check, Poll
from chassis.settings import ChassisSettings


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

    def pool_size(self, settings: ChassisSettings) -> int:
        """Return how many connections the pool of a process in this mode has.

        Few where nobody waits for an answer: what applies events is one thread of Python. Relay and
        signal have connections of their own.
        """
        served = settings.database_pool_size if self.serves else 0
        worked = settings.database_worker_pool_size if self.works else 0
        return max(served, worked)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a process is made of, once it has been wired for its mode."""

    app: Application
    """Run by a process that answers HTTP, after all loops; it stops before any of them."""
    loops: Sequence[Loop]
    """The relay first, then what writes to the outbox; stopped in reverse order."""
    checks: Sequence[Check] = ()
    polls: Sequence[Poll] = ()
