"""What a failing database means to who asked: try again, or a value that cannot be stored."""

import asyncpg

from scim.domain.errors import Kind, ScimError, invalid_value

_PASSING = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
    asyncpg.ObjectInUseError,
    asyncpg.LockNotAvailableError,
    asyncpg.TransactionRollbackError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.PostgresIOError,
    asyncpg.ReadOnlySQLTransactionError,
)


def as_scim_error(error: Exception) -> ScimError | None:
    """Return what can be told about a failure of the database; None when it is a fault of ours."""
    if isinstance(error, _PASSING):
        return ScimError(
            Kind.UNAVAILABLE, "The service cannot reach its storage; nothing is known to be saved."
        )
    if isinstance(
        error, asyncpg.CharacterNotInRepertoireError | asyncpg.UntranslatableCharacterError
    ):
        return invalid_value("A value contains a character that cannot be stored.")
    if isinstance(error, asyncpg.ProgramLimitExceededError):
        return invalid_value("A value is too long to be stored.")
    return None
