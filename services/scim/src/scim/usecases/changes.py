"""What happened to users and groups: the changes that become events."""

from dataclasses import dataclass
from uuid import UUID

from scim.domain.group import Group
from scim.domain.user import User


@dataclass(frozen=True, slots=True)
class UserCreated:
    """A user was provisioned."""

    user: User


@dataclass(frozen=True, slots=True)
class UserUpdated:
    """A user changed, or was adopted from the directory."""

    user: User


@dataclass(frozen=True, slots=True)
class UserDeleted:
    """A user was removed; storage learns its name in doing so."""

    user_id: UUID


@dataclass(frozen=True, slots=True)
class GroupCreated:
    """A group was created, as yet without members."""

    group: Group


@dataclass(frozen=True, slots=True)
class GroupUpdated:
    """A group was renamed or its external id changed."""

    group: Group


@dataclass(frozen=True, slots=True)
class GroupDeleted:
    """A group was removed; storage learns its name in doing so."""

    group_id: UUID


@dataclass(frozen=True, slots=True)
class GroupMembersChanged:
    """Members were added or removed; storage learns who really was in doing so."""

    group_id: UUID


Change = (
    UserCreated
    | UserUpdated
    | UserDeleted
    | GroupCreated
    | GroupUpdated
    | GroupDeleted
    | GroupMembersChanged
)
