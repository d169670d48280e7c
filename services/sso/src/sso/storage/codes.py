"""Codes in PostgreSQL."""

from dataclasses import dataclass
from datetime import datetime

import asyncpg

from chassis.database import read_queries
from sso.domain.tokens import CodeGrant
from sso.storage import rows

QUERIES = read_queries("sso.storage", "codes")


@dataclass(frozen=True, slots=True)
class PostgresCodes:
    """The codes of all sessions."""

    pool: asyncpg.Pool

    async def use(self, digest: bytes, at: datetime) -> CodeGrant | None:
        """Use a code up; None if there is none, it was used, is over, or its session is."""
        row = await self.pool.fetchrow(*QUERIES["use_code"](digest=digest, now=at))
        return None if row is None else _grant(row)

    async def find_used(self, digest: bytes, at: datetime) -> CodeGrant | None:
        """Return a code that was used, while it is remembered and its session lives."""
        row = await self.pool.fetchrow(*QUERIES["find_used_code"](digest=digest, now=at))
        return None if row is None else _grant(row)


def _grant(row: rows.Row) -> CodeGrant:
    return CodeGrant(
        session=rows.session(row),
        user=rows.user(row),
        client_id=row["client_id"],
        scope=row["scope"],
        redirect_uri=row["redirect_uri"],
        code_challenge=row["code_challenge"],
        nonce=row["nonce"],
        used_at=row["used_at"],
    )
