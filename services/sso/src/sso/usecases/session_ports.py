"""What operators' use cases of sessions and of the sign-in log need from storage."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from sso.domain.ending import Reason
from sso.domain.login import Session
from sso.usecases.ports import LogRow


class Whose(StrEnum):
    """By what sessions are selected."""

    TENANT = "tenant"
    USER = "user"
    SESSION = "session"
    CONNECTION = "connection"
    CLIENT = "client"


@dataclass(frozen=True, slots=True)
class Selection:
    """Which sessions are meant."""

    whose: Whose
    tenant_id: UUID | None
    """None for an app's, which may be of any tenant."""
    subject: UUID | str | None = None
    """The id of what they are selected by; None for a tenant's."""


@dataclass(frozen=True, slots=True)
class LiveSession:
    """A session as operators see it."""

    session: Session
    user_name: str | None
    client_ids: Sequence[str]
    """The apps that it was let into."""


class LiveSessions(Protocol):
    """Sessions that are not over."""

    async def list(
        self, selection: Selection, *, before: UUID, limit: int, at: datetime
    ) -> Sequence[LiveSession]:
        """Return so many with ids below one, the newest first."""
        ...

    async def end(self, selection: Selection, reason: Reason, at: datetime) -> int:
        """End them, and return how many that were."""
        ...


class SignInLog(Protocol):
    """What became of attempts to sign in."""

    async def read(
        self,
        tenant_id: UUID,
        *,
        before: UUID,
        limit: int,
        outcome: str | None = None,
        user_id: UUID | None = None,
    ) -> Sequence[LogRow]:
        """Return so many of a tenant's rows with ids below one, the newest first."""
        ...
