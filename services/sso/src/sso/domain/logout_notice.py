"""Telling apps that a session is over: what, how often, and until when."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from uuid import UUID

FIRST_PAUSE = timedelta(seconds=2)
LONGEST_PAUSE = timedelta(minutes=15)
TOLD_FOR = timedelta(hours=24)
"""How long an app is told again; by then no token of the session is good any more."""


class Answer(Enum):
    """What came of telling an app once."""

    HEARD = "heard"
    REFUSED = "refused"
    """It will never take this one (400), so it is not told again."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Delivered:
    """How an app answered."""

    answer: Answer
    says: str = ""
    """For logs and operators: a status or a kind of failure, never what the app wrote."""


@dataclass(frozen=True, slots=True)
class LogoutNotice:
    """One app that has to hear of the end of one session."""

    tenant_id: UUID
    session_id: UUID
    client_id: str
    user_id: UUID
    created_at: datetime
    attempts: int
    """With the one at hand."""


def next_attempt(notice: LogoutNotice, now: datetime) -> datetime | None:
    """Return when an app is told again after a failure; None if it is given up."""
    if now - notice.created_at >= TOLD_FOR:
        return None
    return now + pause_after(notice.attempts)


def pause_after(failures: int) -> timedelta:
    """Return how long to wait after so many failures: doubled each time, up to a limit."""
    return min(FIRST_PAUSE * (1 << min(failures - 1, 20)), LONGEST_PAUSE)
