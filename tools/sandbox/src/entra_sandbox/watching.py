"""Who wants to know when a user's change was answered: nobody, or a stopwatch."""

from typing import Protocol


class Watcher(Protocol):
    """Is told of every answered write of a user, at the moment the answer had arrived."""

    def user_written(self, user_id: str, display_name: str, active: bool, at: float) -> None:
        """Take the state that was acknowledged; `at` is on the monotonic clock."""


class Nobody:
    """Does not care."""

    def user_written(self, user_id: str, display_name: str, active: bool, at: float) -> None:
        """Do nothing."""
