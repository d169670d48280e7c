"""Telling who is in which group by name, for clients that ask."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from scim.usecases.ports import Memberships

MAX_NAMED_MEMBERS = 1_000
"""Names are in the users' documents, so those of a large group's members are not told."""


@dataclass(frozen=True, slots=True)
class FindGroupsOfUsers:
    """Tells which groups users are in."""

    memberships: Memberships

    async def __call__(
        self, tenant_id: UUID, users: Sequence[UUID]
    ) -> Mapping[UUID, Mapping[UUID, str]]:
        """Return the ids and names of each user's groups; nothing for one without."""
        return await self.memberships.groups_of(tenant_id, users)


@dataclass(frozen=True, slots=True)
class NameMembers:
    """Tells what the members of groups are called."""

    memberships: Memberships

    async def __call__(self, tenant_id: UUID, members: Sequence[UUID]) -> Mapping[UUID, str]:
        """Return the members' names; none when there are too many of them."""
        if not members or len(members) > MAX_NAMED_MEMBERS:
            return {}
        return await self.memberships.names_of(tenant_id, members)
