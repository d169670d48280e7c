"""What a failing database means to the client: try again, or a value that cannot be stored."""

import asyncpg

from chassis.database import is_transient
from chassis.outbox import EventTooLarge
from kernel.errors import Kind
from scim.domain.errors import ScimError, invalid_value, unavailable

_UNSTORABLE = (asyncpg.CharacterNotInRepertoireError, asyncpg.UntranslatableCharacterError)


def as_scim_error(error: Exception) -> ScimError | None:
    """Return the error that a client gets for a failure of the database; None: a fault of ours."""
    if is_transient(error):
        return unavailable("The service cannot reach its storage; nothing is known to be saved.")
    if isinstance(error, EventTooLarge):
        return ScimError(Kind.TOO_LARGE, "The resource is too large to be passed on; shorten it.")
    if isinstance(error, _UNSTORABLE):
        return invalid_value("A value contains a character that cannot be stored.")
    if isinstance(error, asyncpg.ProgramLimitExceededError):
        return invalid_value("A value is too long to be stored.")
    return None
