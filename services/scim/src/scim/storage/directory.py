"""The directory's hand-made users in PostgreSQL."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from chassis.database import load_queries
from scim.domain.user import User
from scim.protocol.bodies import encode_document
from scim.storage.rows import user_values

USERS = load_queries("scim.storage", "directory")


@dataclass(frozen=True, slots=True)
class PostgresDirectory:
    """Takes over the directory's state in the transaction of the event that brought it."""

    connection: asyncpg.Connection

    async def keep_user(self, tenant_id: UUID, user: User, at: datetime) -> None:
        """Take over a hand-made user, unless the provider has a better claim to it."""
        await self.connection.execute(
            USERS["drop_shadowed_user"], tenant_id, user.id, user.user_name_key
        )
        document = encode_document(user.document)
        values = user_values(user, document)
        await self.connection.execute(
            USERS["upsert_directory_user"], tenant_id, *values[:9], at, document
        )

    async def forget_user(self, tenant_id: UUID, user_id: UUID) -> None:
        """Forget a hand-made user that has left the directory."""
        await self.connection.execute(USERS["delete_directory_user"], tenant_id, user_id)
