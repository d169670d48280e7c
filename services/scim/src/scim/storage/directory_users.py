"""The directory's hand-made users in PostgreSQL."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from chassis.database import read_queries
from scim.domain.user import User
from scim.protocol.bodies import encode_document
from scim.storage.rows import user_values

QUERIES = read_queries("scim.storage", "directory_users")


@dataclass(frozen=True, slots=True)
class PostgresDirectoryUsers:
    """The hand-made users of all tenants, in the transaction of the event that brought them."""

    connection: asyncpg.Connection

    async def save(self, tenant_id: UUID, user: User, at: datetime) -> None:
        """Store a hand-made user, unless the provider has written to it or uses its name."""
        await self.connection.execute(
            *QUERIES["drop_shadowed_user"](
                tenant_id=tenant_id, user_id=user.id, user_name_key=user.user_name_key
            )
        )
        values = user_values(user, encode_document(user.document))
        await self.connection.execute(
            *QUERIES["upsert_directory_user"](tenant_id=tenant_id, now=at, **values)
        )

    async def remove(self, tenant_id: UUID, user_id: UUID) -> None:
        """Remove a hand-made user, unless the provider has written to it."""
        await self.connection.execute(
            *QUERIES["delete_directory_user"](tenant_id=tenant_id, user_id=user_id)
        )
