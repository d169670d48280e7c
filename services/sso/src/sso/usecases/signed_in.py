"""Who is signed in goes on to the app, with a code; some apps have to ask the person first."""

import hashlib
import hmac
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

from chassis.clock import Clock
from sso.domain.login import CODE_LIFETIME, AuthorizationRequest, NewCode, Outcome, Session
from sso.usecases.entitlement import is_entitled
from sso.usecases.ports import Sessions, Tenants
from sso.usecases.secrets import digest_of, new_secret


class Consents(Protocol):
    """What people have let apps know."""

    async def find(self, tenant_id: UUID, user_id: UUID, client_id: str) -> frozenset[str]:
        """Return the scopes that a person has given an app."""
        ...

    async def give(
        self, tenant_id: UUID, user_id: UUID, client_id: str, scope: frozenset[str], at: datetime
    ) -> None:
        """Remember what a person has given an app, in place of what was given before."""
        ...


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A browser that is signed in, and where it goes now."""

    request: AuthorizationRequest
    code: str | None
    """None where the person has to be asked first."""
    session_secret: str | None
    """None where the browser has its session already."""
    expires_at: datetime
    proof: str = ""
    """Comes back with the person's answer: no other site can have it sent."""


@dataclass(frozen=True, slots=True)
class LetIn:
    """Lets a session into an app, or finds that its person has to be asked first."""

    sessions: Sessions
    consents: Consents

    async def __call__(
        self,
        session: Session,
        request: AuthorizationRequest,
        secret: str,
        now: datetime,
    ) -> SignedIn:
        """Return where the browser goes; `secret` is its session's."""
        if await self._must_ask(session, request):
            return SignedIn(request, None, None, session.ends_at, proof_of(secret, request))
        text, code = _new_code(request, now)
        await self.sessions.issue_code(session, code, now)
        return SignedIn(request, text, None, session.ends_at)

    async def begin(
        self, session: Session, outcome: Outcome, request: AuthorizationRequest, now: datetime
    ) -> SignedIn | None:
        """Store a new session first; None if the person or the connection may no longer."""
        secret = new_secret()
        if await self._must_ask(session, request):
            text, code, proof = None, None, proof_of(secret, request)
        else:
            (text, code), proof = _new_code(request, now), ""
        if not await self.sessions.start(session, digest_of(secret), outcome, code):
            return None
        return SignedIn(request, text, secret, session.ends_at, proof)

    async def _must_ask(self, session: Session, request: AuthorizationRequest) -> bool:
        if request.asks_as is None:
            return False
        if "consent" in request.prompt.split():
            return True
        found = await self.consents.find(session.tenant_id, session.user_id, request.client_id)
        return not set(request.scope.split()) <= found


@dataclass(frozen=True, slots=True)
class ResumeSession:
    """Lets somebody who is signed in go on to another app without leaving."""

    sessions: Sessions
    tenants: Tenants
    let_in: LetIn
    clock: Clock

    async def __call__(self, session_secret: str, request: AuthorizationRequest) -> SignedIn | None:
        """Return where to go; None if the browser has no session that answers the request."""
        now = self.clock.now()
        found = await self.sessions.find(digest_of(session_secret), now) if session_secret else None
        if found is None:
            return None
        session, _ = found
        if not request.is_answered_by(session, now):
            return None
        if not await is_entitled(self.tenants, session.tenant_id):
            return None
        return await self.let_in(session, request, session_secret, now)


@dataclass(frozen=True, slots=True)
class GiveConsent:
    """Takes somebody's yes, and lets them go on to the app."""

    resume: ResumeSession
    sessions: Sessions
    consents: Consents
    clock: Clock

    async def __call__(
        self, session_secret: str, request: AuthorizationRequest, proof: str
    ) -> SignedIn | None:
        """Return where to go; None if nobody is signed in. Without its proof, a yes is none."""
        now = self.clock.now()
        found = await self.sessions.find(digest_of(session_secret), now) if session_secret else None
        if found is None:
            return None
        session, _ = found
        expected = proof_of(session_secret, request)
        if hmac.compare_digest(proof.encode(), expected.encode()):
            known = await self.consents.find(session.tenant_id, session.user_id, request.client_id)
            scope = known | frozenset(request.scope.split())
            await self.consents.give(
                session.tenant_id, session.user_id, request.client_id, scope, now
            )
        return await self.resume(session_secret, replace(request, prompt="", max_age=None))


def _new_code(request: AuthorizationRequest, now: datetime) -> tuple[str, NewCode]:
    """Return a code that an app can turn into tokens, once and soon; and what is stored of it."""
    text = new_secret()
    return text, NewCode(request, digest_of(text), now + CODE_LIFETIME)


def proof_of(session_secret: str, request: AuthorizationRequest) -> str:
    """Return what the form of a session carries: it is good for this app and scope alone."""
    asked = f"consent\0{request.client_id}\0{request.scope}".encode()
    return hmac.digest(session_secret.encode(), asked, hashlib.sha256).hex()
