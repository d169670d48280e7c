"""What happened to users and groups, in the words that go to the bus."""

from dataclasses import dataclass

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
class GroupCreated:
    """A group was created, as yet without members."""

    group: Group


@dataclass(frozen=True, slots=True)
class GroupUpdated:
    """A group was renamed or its external id changed."""

    group: Group


Change = UserCreated | UserUpdated | GroupCreated | GroupUpdated
"""Deletions and memberships are not here: storage writes them as it learns what really went."""
