"""Makes tokens: what they say of a session and of a person."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from chassis.clock import Clock
from chassis.ids import uuid7
from sso.domain.address import parse_address
from sso.domain.client import Client
from sso.domain.login import User
from sso.domain.tokens import ACCESS_TOKEN, ID_TOKEN, TOKEN_LIFETIME, Grant
from sso.usecases.entitlement import may_sign_on
from sso.usecases.ports import People, Signer


class TokenError(Exception):
    """A request for tokens is refused (RFC 6749 §5.2)."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(f"{error}: {description}")
        self.error = error
        self.description = description


@dataclass(frozen=True, slots=True)
class Tokens:
    """What an app gets."""

    access_token: str
    scope: str
    seconds: int
    id_token: str | None = None
    refresh_token: str | None = None


@dataclass(frozen=True, slots=True)
class IssueTokens:
    """Makes an ID token and an access token for a grant."""

    people: People
    signer: Signer
    issuer: str

    async def __call__(
        self,
        client: Client,
        grant: Grant,
        now: datetime,
        *,
        nonce: str | None = None,
    ) -> Tokens:
        """Return tokens, or raise TokenError: the tenant may not sign in at the moment."""
        tenant_id = grant.session.tenant_id
        known = await self.people.tenant_with_domains(tenant_id)
        if known is None or not may_sign_on(known[0]):
            raise TokenError("invalid_grant", "The tenant may not sign in at the moment.")
        _, domains = known
        lifetime = timedelta(seconds=client.settings.access_token_seconds)
        return Tokens(
            access_token=self.signer.sign(
                self._access_claims(client, grant, now, lifetime), typ=ACCESS_TOKEN
            ),
            scope=grant.scope,
            seconds=int(lifetime.total_seconds()),
            id_token=self.signer.sign(self._id_claims(grant, domains, now, nonce), typ=ID_TOKEN),
        )

    def _id_claims(
        self, grant: Grant, domains: frozenset[str], now: datetime, nonce: str | None
    ) -> dict[str, Any]:
        session, user = grant.session, grant.user
        claims = {
            "iss": self.issuer,
            "sub": str(user.id),
            "aud": grant.client_id,
            "iat": seconds(now),
            "exp": seconds(now + TOKEN_LIFETIME),
            "auth_time": seconds(session.authenticated_at),
            "sid": str(session.id),
            "amr": list(session.amr),
            **({"acr": session.acr} if session.acr is not None else {}),
            **user_claims(user, grant.scope, domains),
        }
        return claims | ({"nonce": nonce} if nonce is not None else {})

    def _access_claims(
        self, client: Client, grant: Grant, now: datetime, lifetime: timedelta
    ) -> dict[str, Any]:
        """Return the claims of an access token (RFC 9068 §2.2)."""
        return {
            "iss": self.issuer,
            "sub": str(grant.user.id),
            "aud": audience_of(self.issuer, client),
            "client_id": client.id,
            "iat": seconds(now),
            "exp": seconds(now + lifetime),
            "jti": str(uuid7()),
            "scope": grant.scope,
            "sid": str(grant.session.id),
            "tenant_id": str(grant.session.tenant_id),
            "role": grant.user.role or "none",
        }


@dataclass(frozen=True, slots=True)
class IssueOwnToken:
    """Makes an access token for an app itself (client credentials, RFC 6749 §4.4)."""

    signer: Signer
    issuer: str
    clock: Clock

    async def __call__(self, client: Client) -> Tokens:
        """Return a token without a person, a session and a tenant, or raise TokenError."""
        if not client.settings.service or not client.proves_itself:
            raise TokenError("unauthorized_client", "The app gets no tokens for itself.")
        now = self.clock.now()
        lifetime = timedelta(seconds=client.settings.access_token_seconds)
        claims = {
            "iss": self.issuer,
            "sub": client.id,
            "aud": audience_of(self.issuer, client),
            "client_id": client.id,
            "iat": seconds(now),
            "exp": seconds(now + lifetime),
            "jti": str(uuid7()),
        }
        token = self.signer.sign(claims, typ=ACCESS_TOKEN)
        return Tokens(token, scope="", seconds=int(lifetime.total_seconds()))


def audience_of(issuer: str, client: Client) -> str | list[str]:
    """Return for whom an app's access tokens are."""
    audiences = client.settings.audiences
    return [issuer, *audiences] if audiences else issuer


def user_claims(user: User, scope: str, domains: frozenset[str]) -> dict[str, Any]:
    """Return what a scope lets an app know of a person (OpenID Connect core §5.4)."""
    claims: dict[str, Any] = {"tenant_id": str(user.tenant_id), "role": user.role}
    scopes = scope.split()
    if "email" in scopes:
        email = user.email or user.user_name
        address = parse_address(email)
        if address is not None:
            claims |= {"email": email, "email_verified": address.domain in domains}
    if "profile" in scopes:
        claims |= {
            "name": user.display_name or user.user_name,
            "given_name": user.given_name,
            "family_name": user.family_name,
            "preferred_username": user.user_name,
        }
    return {name: value for name, value in claims.items() if value is not None}


def seconds(moment: datetime) -> int:
    """Return a moment as tokens have it (NumericDate, RFC 7519 §2)."""
    return int(moment.timestamp())
