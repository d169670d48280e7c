"""Tokens: a code for an ID token and an access token, and what the latter tells."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from chassis.clock import Clock
from chassis.ids import uuid7
from chassis.tokens import ACCESS_TOKEN, ID_TOKEN
from kernel.errors import UnauthenticatedError
from kernel.names import parse_id
from sso.domain.address import parse_address
from sso.domain.client import Client
from sso.domain.login import User
from sso.usecases.entitlement import is_entitled
from sso.usecases.ports import Clients, Grant, People, Sessions, Signer, Tenants
from sso.usecases.secrets import digest_of

TOKEN_LIFETIME = timedelta(minutes=5)


class TokenError(Exception):
    """A request for tokens is refused (RFC 6749 §5.2)."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(f"{error}: {description}")
        self.error = error
        self.description = description


@dataclass(frozen=True, slots=True)
class Tokens:
    """What an app gets for a code."""

    id_token: str
    access_token: str
    scope: str
    seconds: int


@dataclass(frozen=True, slots=True)
class AuthenticateClient:
    """Finds out which app asks for tokens."""

    clients: Clients

    async def __call__(self, client_id: str, secret: str | None) -> Client:
        """Return the app, or raise TokenError; one without a secret proves itself by PKCE."""
        client = await self.clients.find(client_id)
        given = digest_of(secret) if secret else b""
        if client is None or client.disabled:
            raise TokenError("invalid_client", "The client is not known.")
        expected = client.secret_digest or b""
        if not hmac.compare_digest(given, expected):
            raise TokenError("invalid_client", "The client's secret is wrong.")
        return client


@dataclass(frozen=True, slots=True)
class RedeemCode:
    """Turns a code into tokens, once."""

    sessions: Sessions
    people: People
    tenants: Tenants
    signer: Signer
    issuer: str
    clock: Clock

    async def __call__(self, client: Client, code: str, redirect_uri: str, verifier: str) -> Tokens:
        """Return tokens, or raise TokenError: the code is used up whatever else is wrong."""
        now = self.clock.now()
        grant = await self.sessions.use_code(digest_of(code), now)
        if grant is None:
            raise TokenError("invalid_grant", "The code is not known, was used, or is over.")
        if grant.client_id != client.id or grant.redirect_uri != redirect_uri:
            raise TokenError("invalid_grant", "The code was given to another client or address.")
        if not hmac.compare_digest(_challenge(verifier), grant.code_challenge):
            raise TokenError("invalid_grant", "The code_verifier is wrong (RFC 7636 §4.6).")
        if not await is_entitled(self.tenants, grant.session.tenant_id):
            raise TokenError("invalid_grant", "The tenant may not sign in at the moment.")
        domains = await self.people.domains(grant.session.tenant_id)
        return Tokens(
            id_token=self.signer.sign(_id_claims(self.issuer, grant, domains, now), typ=ID_TOKEN),
            access_token=self.signer.sign(
                _access_claims(self.issuer, grant, now), typ=ACCESS_TOKEN
            ),
            scope=grant.scope,
            seconds=int(TOKEN_LIFETIME.total_seconds()),
        )


@dataclass(frozen=True, slots=True)
class TellUser:
    """Tells an app about the person whose access token it holds (`userinfo`)."""

    sessions: Sessions
    people: People
    tenants: Tenants
    signer: Signer
    issuer: str
    clock: Clock

    async def __call__(self, token: str) -> Mapping[str, Any]:
        """Return the claims, or raise UnauthenticatedError: the token or the session is over."""
        now = self.clock.now()
        claims = self.signer.read(token, typ=ACCESS_TOKEN, audience=self.issuer, now=now)
        tenant_id, session_id = _ids(claims)
        found = await self.sessions.find_by_id(tenant_id, session_id, now)
        if found is None or not await is_entitled(self.tenants, tenant_id):
            raise UnauthenticatedError("session-over", "The session is over; sign in again.")
        _, user = found
        domains = await self.people.domains(tenant_id)
        return {"sub": str(user.id), **user_claims(user, str(claims["scope"]), domains)}


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


def _id_claims(issuer: str, grant: Grant, domains: frozenset[str], now: datetime) -> dict[str, Any]:
    session, user = grant.session, grant.user
    claims = {
        "iss": issuer,
        "sub": str(user.id),
        "aud": grant.client_id,
        "iat": _seconds(now),
        "exp": _seconds(now + TOKEN_LIFETIME),
        "auth_time": _seconds(session.authenticated_at),
        "sid": str(session.id),
        "amr": ["fed"],
        **user_claims(user, grant.scope, domains),
    }
    return claims | ({"nonce": grant.nonce} if grant.nonce is not None else {})


def _access_claims(issuer: str, grant: Grant, now: datetime) -> dict[str, Any]:
    """Return the claims of an access token (RFC 9068 §2.2)."""
    return {
        "iss": issuer,
        "sub": str(grant.user.id),
        "aud": issuer,
        "client_id": grant.client_id,
        "iat": _seconds(now),
        "exp": _seconds(now + TOKEN_LIFETIME),
        "jti": str(uuid7()),
        "scope": grant.scope,
        "sid": str(grant.session.id),
        "tenant_id": str(grant.session.tenant_id),
        "role": grant.user.role or "none",
    }


def _ids(claims: Mapping[str, Any]) -> tuple[UUID, UUID]:
    tenant_id, session_id = (parse_id(str(claims.get(name))) for name in ("tenant_id", "sid"))
    if tenant_id is None or session_id is None:
        raise UnauthenticatedError("token-invalid", "The access token is not good here.")
    return tenant_id, session_id


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())
