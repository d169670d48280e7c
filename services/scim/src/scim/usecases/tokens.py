"""Making, listing and revoking SCIM tokens."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from chassis.clock import Clock
from chassis.ids import uuid7
from kernel.names import parse_id_leniently
from kernel.tenant import Tenant
from scim.domain.errors import not_found
from scim.usecases.authenticate import digest_of
from scim.usecases.ports import Token, Tokens

MARKER = "portico_scim_"
"""What every token begins with, so that scanners for leaked secrets find it."""
RANDOM_BYTES = 32
SHOWN_CHARACTERS = 6


@dataclass(frozen=True, slots=True)
class NewToken:
    """What a tenant's administrator types into Entra: this once, for the secret is kept nowhere."""

    token: Token
    secret: str
    base_url: str
    """The Tenant URL: where the tenant's SCIM surface is reached."""


@dataclass(frozen=True, slots=True)
class CreateToken:
    """Makes a token; only its digest is stored."""

    tokens: Tokens
    digest_key: bytes
    clock: Clock
    base_url: Callable[[UUID], str]

    async def __call__(self, tenant: Tenant, lifetime: timedelta) -> NewToken:
        """Return the new token and its secret."""
        secret = MARKER + secrets.token_urlsafe(RANDOM_BYTES)
        now = self.clock.now()
        token = Token(
            tenant.tenant_id, uuid7(), secret[: len(MARKER) + SHOWN_CHARACTERS], now, now + lifetime
        )
        await self.tokens.add(token, digest_of(secret, self.digest_key))
        return NewToken(token, secret, self.base_url(tenant.tenant_id))


@dataclass(frozen=True, slots=True)
class ListTokens:
    """Lists a tenant's tokens."""

    tokens: Tokens

    async def __call__(self, tenant: Tenant) -> Sequence[Token]:
        """Return all tokens, the newest first."""
        return await self.tokens.list(tenant.tenant_id)


@dataclass(frozen=True, slots=True)
class RevokeToken:
    """Makes a token worthless within 5 s on every replica."""

    tokens: Tokens
    clock: Clock

    async def __call__(self, tenant: Tenant, id_or_prefix: str) -> Token:
        """Revoke the one token with this id or prefix."""
        matching = [
            t for t in await self.tokens.list(tenant.tenant_id) if _is_named(t, id_or_prefix)
        ]
        if not matching:
            raise not_found(
                f"Tenant {tenant.name!r} has no token {id_or_prefix!r}; "
                "`token list` shows the ids and prefixes."
            )
        if len(matching) > 1:
            raise not_found(f"Several tokens begin with {id_or_prefix!r}; give the id instead.")
        await self.tokens.revoke(tenant.tenant_id, matching[0].id, self.clock.now())
        return matching[0]


def _is_named(token: Token, id_or_prefix: str) -> bool:
    return (
        id_or_prefix in (str(token.id), token.prefix)
        or parse_id_leniently(id_or_prefix) == token.id
    )
