"""What apps have proved themselves by, and requests that they sent ahead, in PostgreSQL."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import asyncpg
import orjson

from chassis.database import read_queries

QUERIES = read_queries("sso.storage", "proofs")


@dataclass(frozen=True, slots=True)
class PostgresUsedAssertions:
    """Assertions by which apps have proved themselves."""

    pool: asyncpg.Pool

    async def take(self, client_id: str, digest: bytes, until: datetime) -> bool:
        """Remember one by the digest of its id; False if it is remembered already."""
        query = QUERIES["take_assertion"](client_id=client_id, digest=digest, expires_at=until)
        return await self.pool.fetchval(*query) is not None


@dataclass(frozen=True, slots=True)
class PostgresPushedRequests:
    """Authorization requests that apps have sent ahead of the browser."""

    pool: asyncpg.Pool

    async def add(
        self, client_id: str, digest: bytes, parameters: Mapping[str, str], until: datetime
    ) -> None:
        """Store one by the digest of its name."""
        await self.pool.execute(
            *QUERIES["insert_pushed_request"](
                client_id=client_id,
                digest=digest,
                parameters=orjson.dumps(dict(parameters)).decode(),
                expires_at=until,
            )
        )

    async def find(self, client_id: str, digest: bytes, at: datetime) -> Mapping[str, str] | None:
        """Return one of the app; None if there is none, or it is over."""
        query = QUERIES["find_pushed_request"](client_id=client_id, digest=digest, now=at)
        found = await self.pool.fetchval(*query)
        parameters: Mapping[str, str] | None = None if found is None else orjson.loads(found)
        return parameters
