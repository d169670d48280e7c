"""What ends a consumer's work on a partition, and which errors retrying cannot mend."""

from chassis.bus import Undecodable
from chassis.database import is_transient
from kernel.errors import DomainError, Kind

_PASSING = frozenset({Kind.UNAVAILABLE, Kind.TOO_MANY_REQUESTS})


class Fenced(Exception):
    """Another process owns the partition by now; nothing that was done here counts."""


class TooManyParked(Exception):
    """So many tenants came to a halt at once that this program itself must be at fault."""


def is_outage(error: Exception) -> bool:
    """Return whether this passes without anybody's doing, so that the event waits for it."""
    return is_transient(error) or (isinstance(error, DomainError) and error.kind in _PASSING)


def is_rejection(error: Exception) -> bool:
    """Return whether a rule refuses the event, in a way that does not pass by itself."""
    return isinstance(error, DomainError) and error.kind not in _PASSING


def is_permanent(error: Exception) -> bool:
    """Return whether the event can never be applied as it is, so that a retry is in vain."""
    return isinstance(error, Undecodable) or is_rejection(error)
