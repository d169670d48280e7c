"""SCIM tokens in PostgreSQL: digests only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from chassis.database import read_queries
from kernel.tenant import Tenant
from scim.usecases.ports import Grant, Token

QUERIES = read_queries("scim.storage", "tokens")


@dataclass(frozen=True, slots=True)
class PostgresTokens:
    """The tokens of all tenants."""

    pool: asyncpg.Pool

    async def add(self, token: Token, digest: bytes) -> None:
        """Keep a new token's digest."""
        await self.pool.execute(
            *QUERIES["insert_token"](
                tenant_id=token.tenant_id,
                token_id=token.id,
                prefix=token.prefix,
                digest=digest,
                created_at=token.created_at,
                expires_at=token.expires_at,
            )
        )

    async def list(self, tenant_id: UUID) -> Sequence[Token]:
        """Return all tokens of a tenant, the newest first."""
        rows = await self.pool.fetch(*QUERIES["list_tokens"](tenant_id=tenant_id))
        return [Token(tenant_id=tenant_id, **dict(row)) for row in rows]

    async def revoke(self, tenant_id: UUID, token_id: UUID, at: datetime) -> bool:
        """Make a token worthless; False when the tenant has no such token."""
        query = QUERIES["revoke_token"](tenant_id=tenant_id, token_id=token_id, now=at)
        found = await self.pool.fetchval(*query)
        return found is not None

    async def find(self, tenant_id: UUID, digest: bytes, at: datetime) -> Grant | None:
        """Return what a live token opens."""
        query = QUERIES["find_grant"](tenant_id=tenant_id, digest=digest, now=at)
        row = await self.pool.fetchrow(*query)
        if row is None:
            return None
        tenant = Tenant(tenant_id, row["name"], row["package"], row["status"])
        return Grant(row["id"], tenant, row["expires_at"], row["strict"])

    async def list_live(
        self, at: datetime, *, since: datetime | None, limit: int
    ) -> Sequence[tuple[UUID, bytes]]:
        """Return tenants and digests of tokens that open something, those used last first."""
        query = QUERIES["list_live_tokens"](now=at, since=since, limit=limit)
        return [(row["tenant_id"], row["digest"]) for row in await self.pool.fetch(*query)]

    async def mark_used(self, uses: Mapping[tuple[UUID, UUID], datetime]) -> None:
        """Note when tokens (tenant id, token id) were last used."""
        if uses:
            tenant_ids, token_ids = zip(*uses, strict=True)
            query = QUERIES["mark_tokens_used"](
                tenant_ids=tenant_ids, token_ids=token_ids, used_at=list(uses.values())
            )
            await self.pool.execute(*query)
