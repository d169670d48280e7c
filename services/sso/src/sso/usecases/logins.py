"""Going on to the app, signed in."""

from dataclasses import dataclass, replace
from uuid import UUID

from chassis.clock import Clock
from chassis.ids import uuid7
from sso.domain.login import AuthorizationRequest, Session
from sso.domain.refusals import Code, Refused
from sso.usecases.entitlement import may_sign_on
from sso.usecases.ports import Logins
from sso.usecases.secrets import digest_of
from sso.usecases.session_policies import SessionPolicies
from sso.usecases.signed_in import LetIn, ResumeSession, SignedIn


@dataclass(frozen=True, slots=True)
class ContinueLogin:
    """Lets the browser that began a login go on to the app, signed in."""

    logins: Logins
    policies: SessionPolicies
    let_in: LetIn
    clock: Clock

    async def __call__(self, login_id: UUID, proof: str, browser_secret: str) -> SignedIn:
        """Start the session, or raise Refused: another browser began, or the proof was used."""
        completed = await self.logins.complete(login_id, digest_of(proof))
        if completed is None:
            raise Refused(Code.LOGIN_EXPIRED)
        login, tenant = completed
        if login.request is None or login.outcome is None:
            raise Refused(Code.LOGIN_EXPIRED)
        if not browser_secret or digest_of(browser_secret) != login.browser_digest:
            raise Refused(Code.OTHER_BROWSER)
        now = self.clock.now()
        if login.expires_at <= now:
            raise Refused(Code.LOGIN_EXPIRED)
        if not may_sign_on(tenant):
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
            login.outcome.acr,
            login.outcome.amr,
        )
        signed_in = await self.let_in.begin(session, login.outcome, login.request, now)
        if signed_in is None:
            raise Refused(Code.DEACTIVATED)
        return signed_in


@dataclass(frozen=True, slots=True)
class OtherAccount:
    """Somebody else has signed in than who had typed their address."""

    typed: str
    user_name: str
    request: AuthorizationRequest
    """With which the other begins anew: the identity provider has to ask then."""


@dataclass(frozen=True, slots=True)
class AskWhichAccount:
    """Tells the browser that began a login who has signed in, before it goes on."""

    logins: Logins
    clock: Clock

    async def __call__(self, login_id: UUID, proof: str, browser_secret: str) -> OtherAccount:
        """Return both names, or raise Refused: another browser began, or the proof was used."""
        login = await self.logins.answered(login_id, digest_of(proof))
        user_name = login.outcome.instead_as if login and login.outcome else None
        if login is None or login.request is None or user_name is None:
            raise Refused(Code.LOGIN_EXPIRED)
        if not browser_secret or digest_of(browser_secret) != login.browser_digest:
            raise Refused(Code.OTHER_BROWSER)
        if login.expires_at <= self.clock.now():
            raise Refused(Code.LOGIN_EXPIRED)
        prompts = {"login", *login.request.prompt.split()} - {"none", "select_account"}
        again = replace(login.request, prompt=" ".join(sorted(prompts)))
        return OtherAccount(login.request.login_hint, user_name, again)


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
