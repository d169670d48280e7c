"""Why sessions end before their time, and whose."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

_ADMIN = "tenant_admin"


class Reason(StrEnum):
    """Why sessions ended."""

    USER_DEACTIVATED = "user_deactivated"
    USER_DELETED = "user_deleted"
    ROLE_CHANGED = "role_changed"
    TENANT_NOT_ENTITLED = "tenant_not_entitled"
    TENANT_DELETED = "tenant_deleted"
    CONNECTION_SUSPENDED = "connection_suspended"
    CLIENT_DISABLED = "client_disabled"
    LOGOUT = "logout"
    REFRESH_TOKEN_REUSED = "refresh_token_reused"  # noqa: S105
    """A refresh token was used again after its successor: one of both is a thief's."""
    CODE_REUSED = "code_reused"
    """An app has shown a code again long after it was used."""
    REVOKED = "revoked"
    """By an operator."""


@dataclass(frozen=True, slots=True)
class Ending:
    """Why and when."""

    reason: Reason
    at: datetime


@dataclass(frozen=True, slots=True)
class EndedSession:
    """A session that has just ended."""

    tenant_id: UUID
    session_id: UUID
    user_id: UUID


def loses_by(before: str | None, after: str | None) -> bool:
    """Tell whether somebody whose role changes may do less than its tokens say."""
    return before != after and (after is None or before == _ADMIN)
