"""The worker's loop that tells apps of the end of sessions (OpenID Connect back-channel logout).

Notices are rows with a lease: what a killed replica held is due again when its lease runs out. Each
app has a few at once, and only one while it fails, so that one that hangs delays nobody.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog

from chassis.clock import Clock
from chassis.ids import uuid7
from chassis.loops import beat
from chassis.retry import retry
from sso.domain.logout_notice import Answer, Delivered, LogoutNotice, next_attempt, pause_after
from sso.usecases.ports import Signer

LOGOUT_TOKEN = "logout+jwt"  # noqa: S105  # a media type (back-channel logout §2.4)
EVENT = "http://schemas.openid.net/event/backchannel-logout"
TOKEN_LIFETIME = timedelta(minutes=2)
LEASE = timedelta(seconds=30)
AT_ONCE_OF_CLIENT = 4
CLIENTS_AT_ONCE = 64
RETRY_SECONDS = 1.0

log = structlog.get_logger()

Deliver = Callable[[str, str], Awaitable[Delivered]]
"""Posts a logout token to an address, within some seconds; never fails."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """What an app has still to hear, and what it will never hear."""

    client_id: str
    waiting: int
    given_up: int
    oldest: datetime
    last_failure: str | None


class LogoutNotices(Protocol):
    """The apps that have to hear of the end of sessions."""

    async def due_clients(
        self, busy: Sequence[str], at: datetime, *, limit: int
    ) -> Sequence[tuple[str, str]]:
        """Return apps with due notices, and their addresses; none of the busy ones."""
        ...

    async def claim(
        self, client_id: str, at: datetime, lease: datetime, *, limit: int
    ) -> Sequence[LogoutNotice]:
        """Take due notices of an app until a lease is over."""
        ...

    async def heard(self, notice: LogoutNotice) -> None:
        """Forget a notice."""
        ...

    async def postpone(self, notice: LogoutNotice, due_at: datetime, failure: str) -> None:
        """Let a notice be due later."""
        ...

    async def give_up(self, notice: LogoutNotice, failure: str) -> None:
        """Keep a notice that is told no more."""
        ...

    async def backlogs(self) -> Sequence[Backlog]:
        """Return what each app has still to hear."""
        ...


@dataclass(frozen=True, slots=True)
class ListBacklogs:
    """Lists what apps have still to hear."""

    notices: LogoutNotices

    async def __call__(self) -> Sequence[Backlog]:
        """Return the apps that have not heard everything, by id."""
        return await self.notices.backlogs()


@dataclass(slots=True)
class _Failing:
    """An app that fails at the moment."""

    failures: int
    until: datetime
    """Nothing is sent to it before."""


@dataclass(slots=True)
class SendLogoutNotices:
    """Tells apps of the end of sessions."""

    notices: LogoutNotices
    signer: Signer
    deliver: Deliver
    issuer: str
    clock: Clock
    transient: tuple[type[Exception], ...]
    """What storage fails with while the database is away."""
    poll: float = 0.1
    """Seconds between two looks: sessions end in other processes too."""
    _told: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _failing: dict[str, _Failing] = field(default_factory=dict)

    async def run(self) -> None:
        """Work for ever; while the database is away nothing is lost, for notices are rows."""
        async with asyncio.TaskGroup() as group:
            while True:
                due = await retry(
                    self._due,
                    self.transient,
                    first=RETRY_SECONDS,
                    limit=RETRY_SECONDS,
                    failed=lambda error, _pause: log.warning(
                        "logout_notices.failed", error=repr(error)
                    ),
                )
                beat()
                for client_id, uri in due:
                    self._told[client_id] = group.create_task(self._tell(client_id, uri))
                await asyncio.sleep(self.poll)

    async def _due(self) -> Sequence[tuple[str, str]]:
        now = self.clock.now()
        resting = [client_id for client_id, each in self._failing.items() if each.until > now]
        room = CLIENTS_AT_ONCE - len(self._told)
        if room <= 0:
            return []
        return await self.notices.due_clients([*self._told, *resting], now, limit=room)

    async def _tell(self, client_id: str, uri: str) -> None:
        """Tell an app what is due, some at once, until nothing is or it fails."""
        try:
            while await self._tell_some(client_id, uri):
                beat()
        except self.transient as error:
            log.warning("logout_notices.failed", error=repr(error))
        finally:
            del self._told[client_id]

    async def _tell_some(self, client_id: str, uri: str) -> bool:
        now = self.clock.now()
        limit = 1 if client_id in self._failing else AT_ONCE_OF_CLIENT
        claimed = await self.notices.claim(client_id, now, now + LEASE, limit=limit)
        answers = await asyncio.gather(*(self._send(uri, notice) for notice in claimed))
        if Answer.FAILED not in answers:
            self._failing.pop(client_id, None)
            return len(claimed) == limit
        known = self._failing.get(client_id)
        failures = known.failures + 1 if known is not None else 1
        self._failing[client_id] = _Failing(failures, self.clock.now() + pause_after(failures))
        return False

    async def _send(self, uri: str, notice: LogoutNotice) -> Answer:
        now = self.clock.now()
        token = self.signer.sign(logout_claims(self.issuer, notice, now), typ=LOGOUT_TOKEN)
        done = await self.deliver(uri, token)
        facts = {
            "client_id": notice.client_id,
            "tenant_id": str(notice.tenant_id),
            "attempt": notice.attempts,
        }
        if done.answer is Answer.HEARD:
            await self.notices.heard(notice)
            log.info("logout_notice.heard", **facts)
            return done.answer
        again = next_attempt(notice, self.clock.now()) if done.answer is Answer.FAILED else None
        if again is None:
            await self.notices.give_up(notice, done.says)
            log.error("logout_notice.given_up", reason=done.says, **facts)
        else:
            await self.notices.postpone(notice, again, done.says)
            log.warning("logout_notice.failed", reason=done.says, **facts)
        return done.answer


def logout_claims(issuer: str, notice: LogoutNotice, now: datetime) -> dict[str, Any]:
    """Return the claims of a logout token (back-channel logout §2.4); it never has a nonce."""
    return {
        "iss": issuer,
        "sub": str(notice.user_id),
        "aud": notice.client_id,
        "iat": int(now.timestamp()),
        "exp": int((now + TOKEN_LIFETIME).timestamp()),
        "jti": str(uuid7()),
        "sid": str(notice.session_id),
        "events": {EVENT: {}},
    }
