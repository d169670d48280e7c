"""What ends a consumer's work on a partition, and which errors retrying cannot mend."""

import asyncpg

from chassis.bus import Undecodable
from chassis.database import is_transient, refuses_a_value
from chassis.outbox import EventTooLarge
from kernel.errors import DomainError, Kind

_PASSING = frozenset({Kind.UNAVAILABLE, Kind.TOO_MANY_REQUESTS})


class Fenced(Exception):
    """Another process owns the partition by now; nothing that was done here counts."""


class TooManyParked(Exception):
    """So many tenants came to a halt at once that this program itself must be at fault."""


class Refused(Exception):
    """The record cannot be what its producer wrote: forged, or out of a producer's lost past.

    It is parked outside its tenant's sequence, and holds up nobody.
    """


class SequenceConflict(Refused):
    """Another event came under the same sequence before."""


class WrongPartition(Refused):
    """The record stands on another partition than its tenant's."""


class ImpossibleVersion(Refused):
    """The state's version is further ahead than changes can have led to."""


class ImpossibleSequence(Refused):
    """The event's number is further ahead than others can be missing."""


def is_outage(error: Exception) -> bool:
    """Return whether this passes without anybody's doing, so that the event waits for it."""
    return is_transient(error) or (isinstance(error, DomainError) and error.kind in _PASSING)


def is_timeout(error: Exception) -> bool:
    """Return whether the database took longer than it may: by an outage, or by the work itself."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, DomainError):
        if isinstance(cause, TimeoutError | asyncpg.QueryCanceledError):
            return True
        cause = cause.__cause__
    return False


def is_rejection(error: Exception) -> bool:
    """Return whether the event is refused for what it says, in a way that does not pass by itself.

    By a rule; by the database, which cannot hold a value of it; or because what follows from it
    does not fit into a record. None of these speaks against the program.
    """
    if isinstance(error, DomainError):
        return error.kind not in _PASSING
    return isinstance(error, EventTooLarge) or refuses_a_value(error)


def is_permanent(error: Exception) -> bool:
    """Return whether the event can never be applied as it is, so that a retry is in vain."""
    return isinstance(error, (Undecodable, Refused)) or is_rejection(error)
