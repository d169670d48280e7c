"""A group of one tenant, as the identity provider keeps it; its members are rows, never a list."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self
from uuid import UUID

from kernel.names import comparison_key
from tenant_directory.domain.names import refuse_long_name


@dataclass(frozen=True, slots=True)
class IdpGroup:
    """A group as the identity provider has it, at one of the provider's versions."""

    group_id: UUID
    version: int
    display_name: str
    external_id: str | None

    def refuse_long_name(self, before: str | None = None) -> None:
        """Refuse a name that cannot be stored; one that a group has had from before may stay."""
        if self.display_name != before:
            refuse_long_name(self.display_name)


def display_name_key(display_name: str) -> str:
    """Return the key that group names are compared by, here as in the SCIM service."""
    return comparison_key(display_name)


@dataclass(frozen=True, slots=True)
class Group:
    """A group as it is at one version; a change of members is no change of the group."""

    tenant_id: UUID
    group_id: UUID
    display_name: str
    external_id: str | None
    version: int
    scim_version: int
    created_at: datetime
    updated_at: datetime

    @property
    def display_name_key(self) -> str:
        """The key of the display name."""
        return display_name_key(self.display_name)

    @classmethod
    def provisioned(cls, tenant_id: UUID, idp: IdpGroup, now: datetime) -> Self:
        """Return a group that the identity provider provisioned."""
        idp.refuse_long_name()
        return cls(
            tenant_id=tenant_id,
            group_id=idp.group_id,
            display_name=idp.display_name,
            external_id=idp.external_id,
            version=1,
            scim_version=idp.version,
            created_at=now,
            updated_at=now,
        )

    def updated_from_idp(self, idp: IdpGroup, now: datetime) -> Self:
        """Return the group as the provider now has it; an older version changes nothing."""
        if self.scim_version >= idp.version:
            return self
        idp.refuse_long_name(self.display_name)
        updated = (idp.display_name, idp.external_id)
        if updated == (self.display_name, self.external_id):
            return replace(self, scim_version=idp.version)
        return replace(
            self,
            display_name=idp.display_name,
            external_id=idp.external_id,
            version=self.version + 1,
            scim_version=idp.version,
            updated_at=now,
        )
