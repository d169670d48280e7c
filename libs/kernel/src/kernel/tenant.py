"""A tenant: one customer company, and what its package and status allow."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Package(StrEnum):
    """What the tenant pays for."""

    FREE = "free"
    SMB = "smb"
    PROFESSIONAL = "professional"
    BUSINESS = "business"


class TenantStatus(StrEnum):
    """Whether the tenant may be used at all."""

    ACTIVE = "active"
    SUSPENDED = "suspended"


PACKAGES_WITH_SINGLE_SIGN_ON = frozenset({Package.SMB, Package.PROFESSIONAL, Package.BUSINESS})
"""Single sign-on, SCIM provisioning and domain verification come with these."""


@dataclass(frozen=True, slots=True)
class Tenant:
    """A tenant as the directory last described it.

    Package and status are text: a directory of a later release may say what this one does not know,
    and what is not known allows nothing.
    """

    tenant_id: UUID
    name: str
    package: str
    status: str

    @property
    def is_active(self) -> bool:
        """Whether the tenant may be used."""
        return self.status == TenantStatus.ACTIVE

    @property
    def has_single_sign_on(self) -> bool:
        """Whether the package comes with single sign-on, SCIM and domain verification."""
        return self.package in PACKAGES_WITH_SINGLE_SIGN_ON
