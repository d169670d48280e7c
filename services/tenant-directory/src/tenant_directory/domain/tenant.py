"""A tenant: one customer company, its package, and what its new users get."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

from kernel.errors import InvalidError
from kernel.tenant import Package, TenantStatus
from tenant_directory.domain.names import tenant_name


class Role(StrEnum):
    """What a user may do inside its one tenant."""

    TENANT_ADMIN = "tenant_admin"
    MEMBER = "member"


@dataclass(frozen=True, slots=True)
class Tenant:
    """A tenant as it is at one version; every change makes the next version."""

    tenant_id: UUID
    name: str
    package: Package
    status: TenantStatus
    default_role: Role | None
    invitations_enabled: bool
    version: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def create(
        cls,
        tenant_id: UUID,
        *,
        name: str,
        package: Package,
        default_role: Role | None,
        now: datetime,
    ) -> Self:
        """Return a new active tenant, without invitations."""
        return cls(
            tenant_id=tenant_id,
            name=tenant_name(name),
            package=package,
            status=TenantStatus.ACTIVE,
            default_role=default_role,
            invitations_enabled=False,
            version=1,
            created_at=now,
            updated_at=now,
        )

    def with_default_role(self, role: Role | None, now: datetime) -> Self:
        """Return the tenant whose new users get `role`; the users it has keep theirs."""
        return self._changed(now, default_role=role)

    def with_package(self, package: Package, now: datetime) -> Self:
        """Return the tenant on another package."""
        return self._changed(now, package=package)

    def with_status(self, status: TenantStatus, now: datetime) -> Self:
        """Return the tenant suspended or resumed."""
        return self._changed(now, status=status)

    def with_invitations(self, enabled: bool, now: datetime) -> Self:
        """Return the tenant whose new users are invited by mail, or not."""
        return self._changed(now, invitations_enabled=enabled)

    def _changed(self, now: datetime, **fields: Any) -> Self:
        if all(getattr(self, name) == value for name, value in fields.items()):
            return self
        return replace(self, version=self.version + 1, updated_at=now, **fields)


def parse_package(text: str) -> Package:
    """Return the package called `text`, or refuse it with the list of packages."""
    try:
        return Package(text.strip().lower())
    except ValueError:
        raise InvalidError(
            "package-unknown", f"'{text}' is no package: use one of {', '.join(Package)}."
        ) from None


def parse_role(text: str) -> Role | None:
    """Return the role called `text`; `none` is no role, anything else is refused."""
    name = text.strip().lower()
    if name == "none":
        return None
    try:
        return Role(name)
    except ValueError:
        raise InvalidError(
            "role-unknown", f"'{text}' is no role: use one of {', '.join(Role)} or none."
        ) from None
