"""What happened to the directory: the changes that are audited and published on the bus."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tenant_directory.domain.group import Group
from tenant_directory.domain.tenant import Role, Tenant
from tenant_directory.domain.user import User, UserStatus


@dataclass(frozen=True, slots=True)
class TenantCreated:
    """A tenant was created."""

    tenant: Tenant


@dataclass(frozen=True, slots=True)
class TenantUpdated:
    """A setting, the package or the status of a tenant changed."""

    before: Tenant
    tenant: Tenant


@dataclass(frozen=True, slots=True)
class UserCreated:
    """A user entered the directory."""

    user: User


@dataclass(frozen=True, slots=True)
class UserUpdated:
    """A user's attributes or origin changed."""

    before: User
    user: User


@dataclass(frozen=True, slots=True)
class UserDeactivated:
    """A user may no longer sign in."""

    user: User


@dataclass(frozen=True, slots=True)
class UserReactivated:
    """A user may sign in again."""

    user: User


@dataclass(frozen=True, slots=True)
class UserRoleChanged:
    """An administrator changed a user's role."""

    user: User
    previous_role: Role | None


@dataclass(frozen=True, slots=True)
class UserAdopted:
    """A manual user was replaced by the provider's user of the same name."""

    user: User
    replaced: User


@dataclass(frozen=True, slots=True)
class UserDeleted:
    """A user left the directory for good; `user` is its last state."""

    user: User


@dataclass(frozen=True, slots=True)
class GroupCreated:
    """A group was created."""

    group: Group


@dataclass(frozen=True, slots=True)
class GroupUpdated:
    """A group was renamed or got another external id."""

    group: Group


@dataclass(frozen=True, slots=True)
class GroupDeleted:
    """A group was deleted together with its memberships."""

    group: Group


@dataclass(frozen=True, slots=True)
class GroupMembersChanged:
    """Members joined and left a group: the ids that really changed."""

    group_id: UUID
    added: Sequence[UUID]
    removed: Sequence[UUID]


@dataclass(frozen=True, slots=True)
class DomainChanged:
    """A tenant's claim to a domain changed: audited here; the domain verifier publishes it."""

    action: str
    """`domain.verified`, …"""
    domain: str
    """Lower-case A-labels."""
    claim_id: UUID
    details: Mapping[str, Any]
    """What the audit log shows of it, as JSON values."""


Change = (
    TenantCreated
    | TenantUpdated
    | UserCreated
    | UserUpdated
    | UserDeactivated
    | UserReactivated
    | UserRoleChanged
    | UserAdopted
    | UserDeleted
    | GroupCreated
    | GroupUpdated
    | GroupDeleted
    | GroupMembersChanged
    | DomainChanged
)


def user_changes(before: User, after: User) -> list[Change]:
    """Return what happened between two states of one user; none if only the SCIM version rose."""
    changes: list[Change] = []
    if _description(before) != _description(after):
        changes.append(UserUpdated(before, after))
    if before.status is not after.status:
        inactive = after.status is UserStatus.INACTIVE
        changes.append(UserDeactivated(after) if inactive else UserReactivated(after))
    if before.role is not after.role:
        changes.append(UserRoleChanged(after, before.role))
    return changes


def _description(user: User) -> tuple[object, ...]:
    return (user.user_name, user.origin, user.soft_deleted, user.profile)
