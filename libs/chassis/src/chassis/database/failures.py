"""How the database fails, and which failures are transient, to be retried without end.

Transient is that it is down, full, read-only or out of connections: the same statement succeeds
later. So is a driver that gets lost in its own protocol, as it does when a connection is cut while
a statement begins (`InternalClientError`). A value that no column or index takes is refused: the
same statement fails for ever, and it says nothing about the database or the program.
"""

import asyncpg

DATABASE_FAILURES = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    # What the driver says when a connection is cut while a statement begins on it.
    asyncpg.InternalClientError,
    OSError,
)
"""All that a statement, or an attempt to connect, can fail with; TimeoutError is an OSError."""

_TRANSIENT_CLASSES = frozenset(
    {
        "08",  # connection
        "25",  # invalid transaction state: read-only, idle in transaction
        "28",  # authorization
        "3D",  # no such database
        "40",  # rolled back: serialization, deadlock
        "53",  # insufficient resources
        "57",  # operator intervention
        "58",  # system error
    }
)
_LOCK_NOT_AVAILABLE = "55P03"
_VALUE_CLASSES = frozenset(
    {
        "22",  # data exception: a NUL, a number out of range, no valid JSON
        "54",  # program limit exceeded: too long for an index
    }
)


def is_transient(error: BaseException) -> bool:
    """Return whether the same event may well succeed later without anybody's doing."""
    cause: BaseException | None = error
    while cause is not None:
        if _is_transient(cause):
            return True
        cause = cause.__cause__
    return False


def refuses_a_value(error: BaseException) -> bool:
    """Return whether the database cannot hold a value that the statement brought."""
    return isinstance(error, asyncpg.PostgresError) and (error.sqlstate or "")[:2] in _VALUE_CLASSES


def _is_transient(error: BaseException) -> bool:
    if isinstance(error, asyncpg.PostgresError):
        state = error.sqlstate or ""
        return state[:2] in _TRANSIENT_CLASSES or state == _LOCK_NOT_AVAILABLE
    if isinstance(error, asyncpg.InterfaceError):
        # asyncpg has one class for a lost connection and for wrong use; DataError is the latter.
        return not isinstance(error, ValueError) and "closed" in str(error)
    return isinstance(error, asyncpg.InternalClientError | OSError)
