"""Events and state of the tenant directory, the authority on tenants, users, groups and roles."""

from typing import Any
from uuid import UUID

from pydantic import Field

from contracts.base import Contract, Version

MAX_MEMBERS_PER_EVENT = 5_000


class DirectoryTenant(Contract):
    """A tenant as it is now: record key `tenant_id/tenant_id` on `directory-tenants`."""

    tenant_id: UUID
    version: Version
    name: str
    package: str
    """`free`, `smb`, `professional` or `business`; SSO and SCIM need one of the last three."""
    status: str
    """`active` or `suspended`."""
    default_role: str | None = None
    invitations_enabled: bool = False


class DirectoryUser(Contract):
    """A user as it is now: record key `tenant_id/user_id` on `directory-users`."""

    user_id: UUID
    version: Version
    user_name: str
    status: str
    """`active` or `inactive`."""
    origin: str
    """`scim` (kept by the identity provider) or `manual`."""
    role: str | None = None
    """`tenant_admin` or `member`; null means no access."""
    external_id: str | None = None
    display_name: str | None = None
    given_name: str | None = None
    family_name: str | None = None
    email: str | None = None
    attributes: dict[str, Any] = Field(default_factory=dict)


class DirectoryGroup(Contract):
    """A group of a tenant, without its members."""

    group_id: UUID
    version: Version
    display_name: str
    external_id: str | None = None


class DirectoryTenantCreated(Contract):
    """A tenant was created."""

    tenant: DirectoryTenant


class DirectoryTenantUpdated(Contract):
    """A tenant's package, status, default role or invitation toggle changed."""

    tenant: DirectoryTenant


class DirectoryUserCreated(Contract):
    """A user entered the directory."""

    user: DirectoryUser


class DirectoryUserUpdated(Contract):
    """A user's attributes or origin changed."""

    user: DirectoryUser


class DirectoryUserDeactivated(Contract):
    """A user may no longer sign in."""

    user: DirectoryUser


class DirectoryUserReactivated(Contract):
    """A deactivated user may sign in again, with the role and groups it had."""

    user: DirectoryUser


class DirectoryUserDeleted(Contract):
    """A user left the directory for good."""

    user_id: UUID
    user_name: str


class DirectoryUserRoleChanged(Contract):
    """An administrator changed a user's role."""

    user: DirectoryUser
    previous_role: str | None = None


class DirectoryGroupCreated(Contract):
    """A group was created."""

    group: DirectoryGroup


class DirectoryGroupUpdated(Contract):
    """A group was renamed."""

    group: DirectoryGroup


class DirectoryGroupDeleted(Contract):
    """A group was deleted together with its memberships."""

    group_id: UUID
    display_name: str


class DirectoryGroupMembersChanged(Contract):
    """Members joined and left a group: only the ids that really changed."""

    group_id: UUID
    added: list[UUID] = Field(default_factory=list, max_length=MAX_MEMBERS_PER_EVENT)
    removed: list[UUID] = Field(default_factory=list, max_length=MAX_MEMBERS_PER_EVENT)
