"""Apps in PostgreSQL."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from chassis.database import read_queries, transaction
from sso.domain.client import Client
from sso.domain.ending import Ending, Reason
from sso.storage import rows
from sso.storage.endings import Endings

QUERIES = read_queries("sso.storage", "clients")


@dataclass(frozen=True, slots=True)
class PostgresClients:
    """The apps."""

    pool: asyncpg.Pool
    endings: Endings
    committed: Callable[[], None]

    async def add(self, client: Client, at: datetime) -> bool:
        """Store a new one; False if its id is taken."""
        made = await self.pool.fetchval(
            *QUERIES["insert_client"](
                id=client.id,
                name=client.name,
                secret_digest=client.secret_digest,
                redirect_uris=list(client.redirect_uris),
                post_logout_redirect_uris=list(client.settings.post_logout_redirect_uris),
                backchannel_logout_uri=client.settings.backchannel_logout_uri,
                initiate_login_uri=client.settings.initiate_login_uri,
                audiences=list(client.settings.audiences),
                service=client.settings.service,
                access_token_seconds=client.settings.access_token_seconds,
                public_keys=client.settings.public_keys,
                allowed_origins=list(client.settings.allowed_origins),
                consent=client.settings.consent,
                created_at=at,
            )
        )
        return made is not None

    async def find(self, client_id: str) -> Client | None:
        """Return one by its id."""
        row = await self.pool.fetchrow(*QUERIES["find_client"](id=client_id))
        return None if row is None else rows.client(row)

    async def has_origin(self, origin: str) -> bool:
        """Tell whether an app that is enabled runs at an origin."""
        return bool(await self.pool.fetchval(*QUERIES["find_origin"](origin=origin)))

    async def list(self) -> Sequence[Client]:
        """Return all."""
        return [rows.client(row) for row in await self.pool.fetch(*QUERIES["list_clients"]())]

    async def rotate_secret(self, client_id: str, digest: bytes, old_until: datetime) -> bool:
        """Give it another secret; False if there is no such client that has one."""
        query = QUERIES["rotate_client_secret"](id=client_id, digest=digest, old_until=old_until)
        return await self.pool.fetchval(*query) is not None

    async def disable(self, client_id: str, at: datetime) -> bool:
        """Let nobody sign in by it any more, and end every session that it was let into."""
        async with transaction(self.pool) as database:
            disabled = await database.fetchval(*QUERIES["disable_client"](id=client_id, now=at))
            if disabled is None:
                return False
            ending = Ending(Reason.CLIENT_DISABLED, at)
            await self.endings.of_client(database, client_id, ending)
        self.committed()
        return True
