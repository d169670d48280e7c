"""A user of one tenant: who keeps it, whether it may sign in, and what it may do.

A role is given once, at creation, and afterwards changes only by an administrator: no update from
the identity provider touches it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

from kernel.errors import ForbiddenError
from kernel.names import comparison_key
from tenant_directory.domain.names import refuse_long_name, user_name
from tenant_directory.domain.tenant import Role


class UserStatus(StrEnum):
    """Whether the user may sign in."""

    ACTIVE = "active"
    INACTIVE = "inactive"


class Origin(StrEnum):
    """Who keeps the user: the identity provider, or the tenant's administrators by hand."""

    SCIM = "scim"
    MANUAL = "manual"


class RoleGiver(StrEnum):
    """Who decided on the user's role; explains a user without one."""

    DEFAULT = "default"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Profile:
    """The attributes of a user that say who it is."""

    external_id: str | None = None
    display_name: str | None = None
    given_name: str | None = None
    family_name: str | None = None
    email: str | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class IdpUser:
    """A user as the identity provider has it, whole, at one of the provider's versions."""

    user_id: UUID
    version: int
    user_name: str
    active: bool
    soft_deleted: bool
    profile: Profile

    def refuse_long_name(self, before: str | None = None) -> None:
        """Refuse a name that cannot be stored; one that a user has had from before may stay."""
        if self.user_name != before:
            refuse_long_name(self.user_name, soft_deleted=self.soft_deleted)

    @property
    def name_key(self) -> str | None:
        """The key of the user name; none in the recycle bin, where the name is no address."""
        return None if self.soft_deleted else comparison_key(self.user_name)

    @property
    def status(self) -> UserStatus:
        """Whether the user may sign in: never from the recycle bin."""
        return UserStatus.ACTIVE if self.active and not self.soft_deleted else UserStatus.INACTIVE


@dataclass(frozen=True, slots=True)
class User:
    """A user as it is at one version; every visible change makes the next version."""

    tenant_id: UUID
    user_id: UUID
    user_name: str
    status: UserStatus
    origin: Origin
    role: Role | None
    role_given_by: RoleGiver
    soft_deleted: bool
    """In the provider's recycle bin: inactive, and its name is free for somebody else."""
    profile: Profile
    version: int
    scim_version: int | None
    """Last version applied from the SCIM service; none for a user it has never sent."""
    created_at: datetime
    updated_at: datetime

    @classmethod
    def provisioned(
        cls, tenant_id: UUID, idp: IdpUser, *, default_role: Role | None, now: datetime
    ) -> Self:
        """Return a user that the provider provisioned, with the default role of this moment."""
        idp.refuse_long_name()
        return cls(
            tenant_id=tenant_id,
            user_id=idp.user_id,
            user_name=idp.user_name,
            status=idp.status,
            origin=Origin.SCIM,
            role=default_role,
            role_given_by=RoleGiver.DEFAULT,
            soft_deleted=idp.soft_deleted,
            profile=idp.profile,
            version=1,
            scim_version=idp.version,
            created_at=now,
            updated_at=now,
        )

    @classmethod
    def manual(
        cls,
        tenant_id: UUID,
        user_id: UUID,
        *,
        name: str,
        role: Role | None,
        role_given_by: RoleGiver,
        profile: Profile,
        now: datetime,
    ) -> Self:
        """Return a user that an administrator created by hand."""
        return cls(
            tenant_id=tenant_id,
            user_id=user_id,
            user_name=user_name(name),
            status=UserStatus.ACTIVE,
            origin=Origin.MANUAL,
            role=role,
            role_given_by=role_given_by,
            soft_deleted=False,
            profile=profile,
            version=1,
            scim_version=None,
            created_at=now,
            updated_at=now,
        )

    @property
    def name_key(self) -> str:
        """The user name in the form in which names are compared."""
        return comparison_key(self.user_name)

    def has_applied(self, idp: IdpUser) -> bool:
        """Whether this version of the provider's, or a later one, was applied already."""
        return self.scim_version is not None and self.scim_version >= idp.version

    def updated_from_idp(self, idp: IdpUser, now: datetime) -> Self:
        """Return the user as the provider now has it; its role stays whatever it is.

        A soft delete renames the user to object id + address: the old name and address are kept.
        """
        if self.has_applied(idp):
            return self
        profile = idp.profile
        if not idp.soft_deleted:
            idp.refuse_long_name(self.user_name)
        else:
            profile = replace(profile, email=self.profile.email)
        changed = self._changed(
            now,
            user_name=self.user_name if idp.soft_deleted else idp.user_name,
            status=idp.status,
            origin=Origin.SCIM,
            soft_deleted=idp.soft_deleted,
            profile=profile,
        )
        return replace(changed, scim_version=idp.version)

    def with_role_of(self, other: "User") -> Self:
        """Return this new user with the role of the manual user it replaces."""
        return replace(self, role=other.role, role_given_by=other.role_given_by)

    def with_role(self, role: Role | None, now: datetime) -> Self:
        """Return the user with the role an administrator decided on."""
        if role is self.role:
            return self
        return self._changed(now, role=role, role_given_by=RoleGiver.ADMIN)

    def with_status(self, status: UserStatus, now: datetime) -> Self:
        """Return the user deactivated or reactivated by hand, if it is kept by hand."""
        if self.origin is Origin.SCIM:
            verb = "deactivate" if status is UserStatus.INACTIVE else "reactivate"
            raise ForbiddenError(
                "user-kept-by-idp",
                f"{self.user_name} is kept by the identity provider: {verb} it in Entra, "
                "the change arrives here by itself. Only its role can be changed here.",
            )
        return self._changed(now, status=status)

    def _changed(self, now: datetime, **fields: Any) -> Self:
        if all(getattr(self, name) == value for name, value in fields.items()):
            return self
        return replace(self, version=self.version + 1, updated_at=now, **fields)
