"""Who is notified when a write of a user was answered: nobody, or a probe."""

from typing import Protocol


class WriteObserver(Protocol):
    """Is notified of every answered write of a user, when the response has arrived."""

    def user_written(self, user_id: str, display_name: str, active: bool, at: float) -> None:
        """Take the state that was acknowledged; `at` is on the monotonic clock."""


class NoObserver:
    """Ignores every write."""

    def user_written(self, user_id: str, display_name: str, active: bool, at: float) -> None:
        """Do nothing."""
