"""Turns codes into tokens."""

import base64
import hashlib
import hmac
from dataclasses import dataclass, replace
from datetime import datetime

from chassis.clock import Clock
from sso.domain.client import Client
from sso.domain.ending import Reason
from sso.domain.tokens import REPLAY_AFTER, CodeGrant
from sso.usecases.issuing import IssueTokens, TokenError, Tokens
from sso.usecases.refreshing import BeginFamily
from sso.usecases.secrets import digest_of
from sso.usecases.session_ports import LiveSessions, Selection, Whose
from sso.usecases.token_ports import Codes


@dataclass(frozen=True, slots=True)
class RedeemCode:
    """Turns a code into tokens, once."""

    codes: Codes
    sessions: LiveSessions
    issue: IssueTokens
    begin_family: BeginFamily
    clock: Clock

    async def __call__(self, client: Client, code: str, redirect_uri: str, verifier: str) -> Tokens:
        """Return tokens, or raise TokenError: the code is used up whatever else is wrong."""
        now = self.clock.now()
        grant = await self.codes.use(digest_of(code), now)
        if grant is None:
            await self._look_for_replay(client, code, redirect_uri, verifier, now)
            raise TokenError("invalid_grant", "The code is not known, was used, or is over.")
        if grant.client_id != client.id or grant.redirect_uri != redirect_uri:
            raise TokenError("invalid_grant", "The code was given to another client or address.")
        if not _proves(verifier, grant):
            raise TokenError("invalid_grant", "The code_verifier is wrong (RFC 7636 §4.6).")
        tokens = await self.issue(client, grant, now, nonce=grant.nonce)
        return replace(tokens, refresh_token=await self.begin_family(grant, now))

    async def _look_for_replay(
        self, client: Client, code: str, redirect_uri: str, verifier: str, now: datetime
    ) -> None:
        """End the session of a code that its own app shows again (RFC 6749 §4.1.2).

        Nobody else can: a code that leaked is no means to sign somebody out.
        """
        used = await self.codes.find_used(digest_of(code), now)
        if (
            used is not None
            and used.used_at is not None
            and used.client_id == client.id
            and used.redirect_uri == redirect_uri
            and _proves(verifier, used)
            and now - used.used_at > REPLAY_AFTER
        ):
            selection = Selection(Whose.SESSION, used.session.tenant_id, used.session.id)
            await self.sessions.end(selection, Reason.CODE_REUSED, now)


def _proves(verifier: str, grant: CodeGrant) -> bool:
    digest = hashlib.sha256(verifier.encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    return hmac.compare_digest(challenge, grant.code_challenge)
