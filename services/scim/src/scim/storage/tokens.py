"""SCIM tokens in PostgreSQL: digests only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from chassis.database import load_queries
from kernel.tenant import Tenant
from scim.usecases.ports import Grant, Token

QUERIES = load_queries("scim.storage", "tokens")


@dataclass(frozen=True, slots=True)
class PostgresTokens:
    """The tokens of all tenants."""

    pool: asyncpg.Pool

    async def add(self, token: Token, digest: bytes) -> None:
        """Keep a new token's digest."""
        await self.pool.execute(
            QUERIES["insert_token"],
            token.tenant_id,
            token.id,
            token.prefix,
            digest,
            token.created_at,
            token.expires_at,
        )

    async def list(self, tenant_id: UUID) -> Sequence[Token]:
        """Return all tokens of a tenant, the newest first."""
        rows = await self.pool.fetch(QUERIES["list_tokens"], tenant_id)
        return [Token(tenant_id=tenant_id, **dict(row)) for row in rows]

    async def revoke(self, tenant_id: UUID, token_id: UUID, at: datetime) -> bool:
        """Make a token worthless; False when the tenant has no such token."""
        found = await self.pool.fetchval(QUERIES["revoke_token"], tenant_id, token_id, at)
        return found is not None

    async def find(self, tenant_id: UUID, digest: bytes, at: datetime) -> Grant | None:
        """Return what a live token opens."""
        row = await self.pool.fetchrow(QUERIES["find_grant"], tenant_id, digest, at)
        if row is None:
            return None
        tenant = Tenant(tenant_id, row["name"], row["package"], row["status"])
        return Grant(row["id"], tenant, row["expires_at"])

    async def mark_used(self, uses: Mapping[tuple[UUID, UUID], datetime]) -> None:
        """Note when tokens (tenant id, token id) were last used."""
        if uses:
            tenants, tokens = zip(*uses, strict=True)
            await self.pool.execute(
                QUERIES["mark_tokens_used"], tenants, tokens, list(uses.values())
            )
