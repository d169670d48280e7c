"""What apps may ask of tokens: is one good (RFC 7662), and let it be good no more (RFC 7009)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chassis.clock import Clock
from chassis.ids import uuid7
from kernel.errors import UnauthenticatedError
from sso.domain.client import Client
from sso.domain.refresh import Family, is_genuine, parse_token
from sso.domain.tokens import ACCESS_TOKEN
from sso.usecases.access import FindAccess, access_ids
from sso.usecases.entitlement import is_entitled
from sso.usecases.issuing import TokenError, seconds
from sso.usecases.ports import Signer, Tenants
from sso.usecases.secrets import digest_of
from sso.usecases.token_ports import Families

INACTIVE: Mapping[str, Any] = {"active": False}
"""The one answer to every token that is not good, or is none of the asker's business."""
_TOLD = ("iss", "sub", "aud", "client_id", "iat", "exp", "jti", "scope", "sid", "tenant_id", "role")


@dataclass(frozen=True, slots=True)
class FindFamily:
    """Finds the family of a refresh token that an app shows as its own."""

    families: Families

    async def __call__(self, client: Client, token: str, now: datetime) -> Family | None:
        """Return it; None if the token was not given to this app, or is over."""
        shown = parse_token(token)
        if shown is None:
            return None
        family = await self.families.find(digest_of(shown.secret), now)
        if family is None or family.client_id != client.id or not is_genuine(shown, family):
            return None
        return family if shown.generation == family.generation else None


@dataclass(frozen=True, slots=True)
class Introspect:
    """Tells an app about a token that was given to it, or that is for it as an API."""

    find_family: FindFamily
    find_access: FindAccess
    tenants: Tenants
    signer: Signer
    issuer: str
    clock: Clock

    async def __call__(self, client: Client, token: str) -> Mapping[str, Any]:
        """Return what RFC 7662 §2.2 asks for.

        Raises:
            TokenError: The app can keep no secret: anybody could ask in its name.
        """
        if not client.proves_itself:
            raise TokenError("invalid_client", "An app without a secret may not ask.")
        now = self.clock.now()
        family = await self.find_family(client, token, now)
        if family is not None:
            return await self._of_family(family)
        claims = self._read(client, token, now)
        if claims is None:
            return INACTIVE
        if "sid" in claims and await self.find_access(claims, now) is None:
            return INACTIVE
        told = {name: claims[name] for name in _TOLD if name in claims}
        return {"active": True, "token_type": "Bearer", **told}

    async def _of_family(self, family: Family) -> Mapping[str, Any]:
        if not await is_entitled(self.tenants, family.session.tenant_id):
            return INACTIVE
        return {
            "active": True,
            "client_id": family.client_id,
            "scope": family.scope,
            "sub": str(family.user.id),
            "sid": str(family.session.id),
            "exp": seconds(family.expires_at),
        }

    def _read(self, client: Client, token: str, now: datetime) -> Mapping[str, Any] | None:
        for audience in (client.id, self.issuer):
            try:
                claims = self.signer.read(token, typ=ACCESS_TOKEN, audience=audience, now=now)
            except UnauthenticatedError:
                continue
            if audience == client.id or claims.get("client_id") == client.id:
                return claims
        return None


@dataclass(frozen=True, slots=True)
class Revoke:
    """Takes back what an app was given for a session, at its own request."""

    find_family: FindFamily
    families: Families
    signer: Signer
    issuer: str
    clock: Clock

    async def __call__(self, client: Client, token: str) -> None:
        """Revoke all of the app's tokens of the session; a token that is not good is no error.

        Raises:
            TokenError: It is an app's own token, which ends by itself in a few minutes.
        """
        now = self.clock.now()
        family = await self.find_family(client, token, now)
        if family is not None:
            session = family.session
            await self.families.revoke(session.tenant_id, session.id, client.id, uuid7())
            return
        try:
            claims = self.signer.read(token, typ=ACCESS_TOKEN, audience=self.issuer, now=now)
        except UnauthenticatedError:
            return
        if claims.get("client_id") != client.id:
            return
        ids = access_ids(claims)
        if ids is None:
            raise TokenError("unsupported_token_type", "An app's own token cannot be revoked.")
        await self.families.revoke(ids.tenant_id, ids.session_id, client.id, uuid7())
