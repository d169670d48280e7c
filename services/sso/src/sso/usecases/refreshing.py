"""Refresh tokens: a family for each session and app (RFC 6749 §6, RFC 9700 §4.14).

An app that can keep no secret gets a new one each time. Whoever shows an old one again within half
a minute gets the family's newest, however many ask at once; later the family has leaked, and its
session ends. An app that proves itself keeps its one token.
"""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime

from chassis.clock import Clock
from sso.domain.client import Client
from sso.domain.ending import Reason
from sso.domain.refresh import Family, ShownToken, in_grace, is_genuine, make_token, parse_token
from sso.domain.tokens import OFFLINE_LIFETIME, Grant
from sso.usecases.issuing import IssueTokens, TokenError, Tokens
from sso.usecases.secrets import digest_of, new_secret
from sso.usecases.session_ports import LiveSessions, Selection, Whose
from sso.usecases.token_ports import Families

OFFLINE = "offline_access"
SALT_BYTES = 16


@dataclass(frozen=True, slots=True)
class BeginFamily:
    """Gives an app its first refresh token for a session."""

    families: Families

    async def __call__(self, grant: Grant, now: datetime) -> str:
        """Return a refresh token, good for as long as the session, or offline."""
        offline = OFFLINE in grant.scope.split()
        family = Family(
            session=grant.session,
            user=grant.user,
            client_id=grant.client_id,
            scope=grant.scope,
            salt=secrets.token_bytes(SALT_BYTES),
            expires_at=now + OFFLINE_LIFETIME if offline else grant.session.ends_at,
            begun_at=(now,),
        )
        secret = new_secret()
        await self.families.add(family, digest_of(secret), now)
        return make_token(secret, family.salt, 0)


@dataclass(frozen=True, slots=True)
class Refresh:
    """Turns a refresh token into new tokens."""

    families: Families
    sessions: LiveSessions
    issue: IssueTokens
    clock: Clock

    async def __call__(self, client: Client, token: str, scope: str = "") -> Tokens:
        """Return tokens, or raise TokenError."""
        now = self.clock.now()
        shown = parse_token(token)
        if shown is None:
            raise _not_good()
        family = await self._find(client, shown, now)
        granted = family.scope.split()
        asked = scope.split() or granted
        if not set(asked) <= set(granted):
            raise TokenError("invalid_scope", "That is more than was granted.")
        narrowed = replace(family, scope=" ".join(each for each in granted if each in asked))
        tokens = await self.issue(client, narrowed, now)
        if client.proves_itself:
            return tokens
        generation = await self._rotate(client, shown, family, now)
        return replace(tokens, refresh_token=make_token(shown.secret, family.salt, generation))

    async def _find(self, client: Client, shown: ShownToken, now: datetime) -> Family:
        family = await self.families.find(digest_of(shown.secret), now)
        if family is None or family.client_id != client.id or not is_genuine(shown, family):
            raise _not_good()
        return family

    async def _rotate(
        self, client: Client, shown: ShownToken, family: Family, now: datetime
    ) -> int:
        """Return the generation of the token that is given out."""
        tenant_id, digest = family.session.tenant_id, digest_of(shown.secret)
        if shown.generation == family.generation:
            if await self.families.rotate(tenant_id, digest, shown.generation, now):
                return shown.generation + 1
            family = await self._find(client, shown, now)
        if in_grace(shown, family, now):
            return family.generation
        selection = Selection(Whose.SESSION, tenant_id, family.session.id)
        await self.sessions.end(selection, Reason.REFRESH_TOKEN_REUSED, now)
        raise TokenError("invalid_grant", "The refresh token was used before: the session is over.")


def _not_good() -> TokenError:
    return TokenError("invalid_grant", "The refresh token is not good, or over.")
