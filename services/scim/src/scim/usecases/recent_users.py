"""Users as they were last written: a provider that changes one often changes it again at once.

What is remembered may be stale, since other processes write as well. So it only saves the reading
before a write, which goes through at exactly that version or not at all; whatever else comes of it,
a refusal or that nothing changes, is found out again on what is stored.
"""

from uuid import UUID

from chassis.expiring import Expiring
from scim.usecases.ports import StoredUser, UserRecord

REMEMBERED_USERS = 2_000
REMEMBERED_SECONDS = 300.0
MOST_BYTES = 4_096
"""Of a document that is remembered: it takes some times as much as a tree of objects."""


class RecentUsers:
    """A bounded memory of users, each for a few minutes."""

    def __init__(self) -> None:
        """Begin without any."""
        self._users = Expiring[tuple[int, int], StoredUser](REMEMBERED_USERS)

    def get(self, tenant_id: UUID, user_id: UUID) -> StoredUser | None:
        """Return a user as it was when it was last written or read here."""
        return self._users.get((tenant_id.int, user_id.int))

    def keep(self, tenant_id: UUID, stored: StoredUser, record: UserRecord) -> None:
        """Remember a user that was written, unless it is large."""
        if len(record.document) <= MOST_BYTES:
            until = self._users.clock() + REMEMBERED_SECONDS
            self._users.put((tenant_id.int, record.id.int), stored, until)
