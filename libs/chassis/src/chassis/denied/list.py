"""The deny list: sessions that ended and users who may not sign in, for as long as tokens live.

A token is checked by its signature alone, in memory; that its session is over has to be known in
memory too. An entry is needed no longer than the tokens that were made before it.
"""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import structlog

from chassis.clock import Clock, SystemClock
from kernel.errors import UnavailableError

LONGEST_TOKEN = timedelta(minutes=15)
"""No access token lives longer, whatever an app is given."""
LEEWAY = timedelta(seconds=30)
"""By how much clocks of the deployment's machines may differ."""
CAPACITY = 100_000
"""Entries, of about 200 bytes each."""

log = structlog.get_logger()

_Entries = dict[bytes, tuple[float, int]]
"""Until when, and by which version of a user's state."""


class NotHeardYet(UnavailableError):
    """The process has just begun and does not know yet who is out."""

    def __init__(self) -> None:
        super().__init__(
            "sign-outs-unknown", "Who was signed out is not known here yet; try again in a moment."
        )


class DenyList:
    """Which tokens are refused although they are well signed and not over.

    Bounded: when it is full, the oldest entry leaves, and from then on every token is refused that
    was made before that entry came. Whoever is still signed in gets a new one from `sso`.
    """

    def __init__(self, *, capacity: int = CAPACITY, clock: Clock | None = None) -> None:
        """Begin with nothing, and with everything refused until `caught_up` is set."""
        self.caught_up = False
        """Whether all is known of before the process began; set by what feeds the list."""
        self._capacity = capacity
        self._clock = clock or SystemClock()
        self._lifetime = (LONGEST_TOKEN + LEEWAY).total_seconds()
        # In the order of their coming, so the first to end is always the first.
        self._sessions: _Entries = {}
        self._users: _Entries = {}
        self._floor = 0.0

    def __len__(self) -> int:
        """Return how many entries are held."""
        return len(self._sessions) + len(self._users)

    def refuses(self, *, session_id: UUID | None, user_id: UUID, issued_at: datetime) -> bool:
        """Tell whether a token is refused; `session_id` is its `sid`, if it has one.

        Raises:
            NotHeardYet: Nobody can tell yet.
        """
        if not self.caught_up:
            raise NotHeardYet
        now = self._now()
        if issued_at.timestamp() <= self._floor:
            return True
        if session_id is not None and _holds(self._sessions, session_id, now):
            return True
        return _holds(self._users, user_id, now)

    def end_session(self, session_id: UUID) -> None:
        """Refuse every token of a session."""
        self._sessions.pop(session_id.bytes, None)
        self._make_room()
        self._sessions[session_id.bytes] = self._now() + self._lifetime, 0

    def shut_out(self, user_id: UUID, version: int) -> None:
        """Refuse every token of a user as of a version of its state, until it is let in again."""
        known = self._users.get(user_id.bytes)
        if known is not None and known[1] > version:
            return
        self._users.pop(user_id.bytes, None)
        self._make_room()
        self._users[user_id.bytes] = self._now() + self._lifetime, version

    def let_in(self, user_id: UUID, version: int) -> None:
        """Refuse a user's tokens no longer; those of sessions that ended stay refused."""
        known = self._users.get(user_id.bytes)
        if known is not None and known[1] <= version:
            del self._users[user_id.bytes]

    def refuse_older(self, moment: datetime | None = None) -> None:
        """Refuse every token that was made before a moment; without one, before this one."""
        at = self._now() if moment is None else moment.timestamp()
        self._floor = max(self._floor, at + LEEWAY.total_seconds())

    def _make_room(self) -> None:
        now = self._now()
        for entries in (self._sessions, self._users):
            while entries and _until(entries) <= now:
                del entries[next(iter(entries))]
        if len(self) < self._capacity:
            return
        first = min((each for each in (self._sessions, self._users) if each), key=_until)
        came = _until(first) - self._lifetime
        if self._floor < now - self._lifetime:
            log.error("denied.full", entries=len(self))
        self.refuse_older(datetime.fromtimestamp(came, UTC))
        del first[next(iter(first))]

    def _now(self) -> float:
        return self._clock.now().timestamp()


def _holds(entries: _Entries, key: UUID, now: float) -> bool:
    entry = entries.get(key.bytes)
    return entry is not None and entry[0] > now


def _until(entries: _Entries) -> float:
    return next(iter(entries.values()))[0]
