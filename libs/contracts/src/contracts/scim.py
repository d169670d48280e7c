"""Events of the SCIM service on `scim-events`: what the identity provider said.

User and group events carry the whole new state. Membership events carry only what was added and
removed, in chunks, because a group may have 200,000 members.
"""

from typing import Any
from uuid import UUID

from pydantic import Field

from contracts.base import Contract, Version

MAX_MEMBERS_PER_EVENT = 5_000


class ScimUser(Contract):
    """A user as the identity provider sees it."""

    user_id: UUID
    version: Version
    user_name: str
    active: bool
    soft_deleted: bool = False
    """The identity provider renamed the user for its recycle bin; `user_name` is no address."""
    external_id: str | None = None
    display_name: str | None = None
    given_name: str | None = None
    family_name: str | None = None
    email: str | None = None
    attributes: dict[str, Any] = Field(default_factory=dict)
    """The other SCIM attributes by their RFC 7643 names, extensions by their URN."""


class ScimGroup(Contract):
    """A group as the identity provider sees it, without its members."""

    group_id: UUID
    version: Version
    display_name: str
    external_id: str | None = None


class ScimUserCreated(Contract):
    """A user was provisioned, or an existing directory user was adopted by the provider."""

    user: ScimUser


class ScimUserUpdated(Contract):
    """A user changed; deactivation and reactivation are changes of `active`."""

    user: ScimUser


class ScimUserDeleted(Contract):
    """A user was deleted for good; its memberships are gone with it."""

    user_id: UUID
    user_name: str


class ScimGroupCreated(Contract):
    """A group was created, as yet without members."""

    group: ScimGroup


class ScimGroupUpdated(Contract):
    """A group was renamed or its external id changed."""

    group: ScimGroup


class ScimGroupDeleted(Contract):
    """A group was deleted; its memberships are gone with it."""

    group_id: UUID
    display_name: str


class ScimGroupMembersChanged(Contract):
    """Members joined and left a group: the ids that really changed, at most 5,000 of them."""

    group_id: UUID
    added: list[UUID] = Field(default_factory=list, max_length=MAX_MEMBERS_PER_EVENT)
    removed: list[UUID] = Field(default_factory=list, max_length=MAX_MEMBERS_PER_EVENT)
