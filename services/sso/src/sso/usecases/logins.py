"""Going on to the app, signed in."""

from dataclasses import dataclass
from uuid import UUID

from chassis.clock import Clock
from chassis.ids import uuid7
from sso.domain.login import Session
from sso.domain.refusals import Code, Refused
from sso.usecases.entitlement import is_entitled
from sso.usecases.ports import Logins, Sessions, Tenants
from sso.usecases.secrets import digest_of, new_secret
from sso.usecases.session_policies import SessionPolicies
from sso.usecases.signed_in import LetIn, ResumeSession, SignedIn


@dataclass(frozen=True, slots=True)
class ContinueLogin:
    """Lets the browser that began a login go on to the app, signed in."""

    logins: Logins
    sessions: Sessions
    tenants: Tenants
    policies: SessionPolicies
    let_in: LetIn
    clock: Clock

    async def __call__(self, login_id: UUID, proof: str, browser_secret: str) -> SignedIn:
        """Start the session, or raise Refused: another browser began, or the proof was used."""
        login = await self.logins.complete(login_id, digest_of(proof))
        if login is None or login.request is None or login.outcome is None:
            raise Refused(Code.LOGIN_EXPIRED)
        if not browser_secret or digest_of(browser_secret) != login.browser_digest:
            raise Refused(Code.OTHER_BROWSER)
        now = self.clock.now()
        if login.expires_at <= now:
            raise Refused(Code.LOGIN_EXPIRED)
        if not await is_entitled(self.tenants, login.tenant_id):
            raise Refused(Code.NOT_ENTITLED)
        policy = await self.policies.of(login.tenant_id)
        ends = policy.ends(now, login.outcome.session_ends_at)
        session = Session(
            login.tenant_id,
            uuid7(),
            login.outcome.user_id,
            login.connection_id,
            now,
            min(ends, now + policy.idle),
            ends,
            policy.idle,
        )
        secret = new_secret()
        if not await self.sessions.start(session, digest_of(secret), login.outcome):
            raise Refused(Code.DEACTIVATED)
        return await self.let_in(session, login.request, secret, now, is_new=True)


@dataclass(frozen=True, slots=True)
class ComeAgain:
    """Lets a browser go on that comes back to a login which it has completed.

    People go back, and their browser posts the same answer again: who is signed in by it goes on.
    """

    logins: Logins
    resume: ResumeSession
    clock: Clock

    async def __call__(
        self, login_id: UUID, browser_secret: str, session_secret: str
    ) -> SignedIn | None:
        """Return where to go; None for another browser, and for who is not signed in any more."""
        if not browser_secret or not session_secret:
            return None
        login = await self.logins.completed(login_id, digest_of(browser_secret))
        if login is None or login.request is None or login.expires_at <= self.clock.now():
            return None
        return await self.resume(session_secret, login.request)
