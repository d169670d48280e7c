"""Users as they were last answered: a provider looks one up, and changes it right after.

What is remembered may be stale, since other processes write as well. So it only saves the reading
before a write, which goes through at exactly that version or not at all; whatever else comes of it,
a refusal or that nothing changes, is found out again on what is stored.
"""

from uuid import UUID

import orjson

from chassis.expiring import Expiring
from scim.domain.user import User
from scim.usecases.ports import StoredUser, UserRecord

REMEMBERED_USERS = 10_000
REMEMBERED_SECONDS = 300.0
MOST_BYTES = 4_096
"""Of a document that is remembered."""


class RecentUsers:
    """A bounded memory of users, each for a few minutes."""

    def __init__(self) -> None:
        """Begin without any."""
        self._users = Expiring[tuple[int, int], UserRecord](REMEMBERED_USERS)

    def get(self, tenant_id: UUID, user_id: UUID) -> StoredUser | None:
        """Return a user, to be changed, as it was when it was last answered here."""
        record = self._users.get((tenant_id.int, user_id.int))
        if record is None or record.flags is None:
            return None
        user = User.from_document(
            orjson.loads(record.document),
            id=user_id,
            version=record.version,
            active=record.flags.active,
            soft_deleted=record.flags.soft_deleted,
        )
        return StoredUser(user, record.created_at, record.updated_at, adopted=True)

    def keep(self, tenant_id: UUID, record: UserRecord) -> None:
        """Remember a user, unless it is large or a change of it would need to know more."""
        if record.flags is not None and len(record.document) <= MOST_BYTES:
            until = self._users.clock() + REMEMBERED_SECONDS
            self._users.put((tenant_id.int, record.id.int), record, until)
