"""Signing out at the request of an app, or by hand."""

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from chassis.clock import Clock
from sso.domain.ending import Reason
from sso.domain.login import Session
from sso.domain.logout import Hint, LogoutRequest, registered
from sso.usecases.ports import Clients, Sessions
from sso.usecases.secrets import digest_of
from sso.usecases.session_ports import LiveSessions, Selection, Whose

MAX_STATE = 1_000

ReadHint = Callable[[str], Hint | None]
"""Returns what an ID token of ours says, also one that is over; None for anything else."""


@dataclass(frozen=True, slots=True)
class ReadLogoutRequest:
    """Reads what an app asks for; what is not in order is left out, and never led to."""

    clients: Clients
    read_hint: ReadHint

    async def __call__(self, parameters: Mapping[str, str]) -> LogoutRequest:
        """Return the request. Without a good hint, `client_id` alone says which app it is."""
        hint = self.read_hint(parameters.get("id_token_hint", ""))
        named = parameters.get("client_id") or None
        if hint is not None and named not in (None, hint.client_id):
            hint = None
        client_id = hint.client_id if hint is not None else named
        client = await self.clients.find(client_id) if client_id is not None else None
        if client is None or client.disabled:
            hint = client = None
        uri = parameters.get("post_logout_redirect_uri", "")
        allowed = registered(client, uri)
        return LogoutRequest(
            hint=hint,
            client_id=client.id if client is not None else None,
            return_to=uri if allowed else None,
            state=parameters.get("state", "")[:MAX_STATE] or None,
            return_refused=bool(uri) and client is not None and not allowed,
        )


@dataclass(frozen=True, slots=True)
class SignedOut:
    """The browser is signed out."""

    return_to: str | None
    """Where it goes on by itself."""
    offered: str | None = None
    """Where it may go on by a link: nobody has proved that this app asked."""
    session: Session | None = None
    """The browser's own that has ended, if it had one."""


@dataclass(frozen=True, slots=True)
class MustConfirm:
    """Somebody is signed in, and has to say so themselves."""

    user_name: str
    proof: str
    """Comes back with the form: no other site can have it sent."""


@dataclass(frozen=True, slots=True)
class SignOut:
    """Ends the browser's session, if it is clear that its user wants that."""

    sessions: Sessions
    live: LiveSessions
    clock: Clock

    async def __call__(
        self, asked: LogoutRequest, session_secret: str, proof: str = ""
    ) -> SignedOut | MustConfirm:
        """Sign out, or ask first.

        It is clear when the app shows an ID token of the user who is signed in here, or when the
        form came back that was shown here. An address that is not registered is never gone to.
        """
        now = self.clock.now()
        found = await self.sessions.find(digest_of(session_secret), now) if session_secret else None
        if found is None:
            if asked.hint is not None and not asked.return_refused:
                await self._end(asked.hint.tenant_id, asked.hint.session_id, now)
            return _done(asked)
        session, user = found
        confirmed = hmac.compare_digest(proof.encode(), proof_of(session_secret).encode())
        if not confirmed and (asked.return_refused or not _is_about(asked.hint, session)):
            return MustConfirm(user.user_name, proof_of(session_secret))
        await self._end(session.tenant_id, session.id, now)
        if asked.hint is not None and _is_about(asked.hint, session):
            await self._end(asked.hint.tenant_id, asked.hint.session_id, now)
        done = SignedOut(asked.return_to) if confirmed else _done(asked)
        return replace(done, session=session)

    async def _end(self, tenant_id: UUID, session_id: UUID, now: datetime) -> None:
        selection = Selection(Whose.SESSION, tenant_id, session_id)
        await self.live.end(selection, Reason.LOGOUT, now)


def proof_of(session_secret: str) -> str:
    """Return what the form of a session carries; it cannot be turned into the session's secret."""
    digest = hashlib.sha256(b"sign out\0" + session_secret.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _done(asked: LogoutRequest) -> SignedOut:
    if asked.hint is None:
        return SignedOut(None, offered=asked.return_to)
    return SignedOut(asked.return_to)


def _is_about(hint: Hint | None, session: Session) -> bool:
    return hint is not None and (hint.tenant_id, hint.user_id) == (
        session.tenant_id,
        session.user_id,
    )
