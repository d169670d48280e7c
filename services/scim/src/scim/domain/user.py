"""A provisioned user: its SCIM attribute tree and what the rest of the service needs from it.

The document is the tree exactly as it is stored and served: canonical attribute names, values
verbatim, extensions by URN, without `schemas`, `id` and `meta`. Everything else is derived from it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from kernel.names import comparison_key

ENTERPRISE_URN = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

_RECYCLED_ADDRESS = re.compile(r"[0-9a-f]{32}[^@]+@[^@]+")
_OBJECT_ID = re.compile(r"[0-9a-f]{32}")
_NAMED_IN_EVENTS = frozenset({"userName", "externalId", "active", "displayName"})


def user_name_key(user_name: str) -> str:
    """Return the key that user names are found and held unique by."""
    return comparison_key(user_name)


def is_soft_delete_name(new_user_name: str, old_user_name: str) -> bool:
    """Tell whether Entra moved the user to its recycle bin: object id + the user name.

    The name behind the object id is the one Entra had last, so it may differ from the one we know:
    a rename and the deletion can fall into one cycle. Then it must at least look like an address.
    """
    new = user_name_key(new_user_name)
    if _RECYCLED_ADDRESS.fullmatch(new):
        return True
    return new[32:] == user_name_key(old_user_name) and bool(_OBJECT_ID.fullmatch(new[:32]))


@dataclass(frozen=True, slots=True)
class User:
    """A user as the identity provider sees it, at one version."""

    id: UUID
    version: int
    user_name: str
    external_id: str | None
    active: bool
    soft_deleted: bool
    document: dict[str, Any]

    @classmethod
    def from_document(
        cls,
        document: dict[str, Any],
        *,
        id: UUID,
        version: int = 1,
        active: bool = True,
        soft_deleted: bool = False,
    ) -> "User":
        """Build the user that a valid document describes; `active` holds where it says nothing."""
        return cls(
            id=id,
            version=version,
            user_name=document["userName"],
            external_id=document.get("externalId"),
            active=document.get("active", active),
            soft_deleted=soft_deleted,
            document=document,
        )

    def changed_to(self, document: dict[str, Any]) -> "User":
        """Return the next version; a rename into the recycle bin deactivates.

        A soft delete is remembered until the next rename, or until the provider says that the user
        is active again. A document without `active` changes nothing about it.
        """
        new_name = document["userName"]
        soft_deleted = self.soft_deleted and document.get("active") is not True
        if user_name_key(new_name) != self.user_name_key:
            soft_deleted = is_soft_delete_name(new_name, self.user_name)
        if soft_deleted and not self.soft_deleted and document.get("active", self.active):
            document = {**document, "active": False}
        return User.from_document(
            document,
            id=self.id,
            version=self.version + 1,
            active=self.active,
            soft_deleted=soft_deleted,
        )

    @property
    def user_name_key(self) -> str:
        """The key of the user name."""
        return user_name_key(self.user_name)

    @property
    def display_name(self) -> str | None:
        """The name to show, as provisioned."""
        return self.document.get("displayName")

    @property
    def given_name(self) -> str | None:
        """The given name."""
        name: dict[str, str] = self.document.get("name", {})
        return name.get("givenName")

    @property
    def family_name(self) -> str | None:
        """The family name."""
        name: dict[str, str] = self.document.get("name", {})
        return name.get("familyName")

    @property
    def email(self) -> str | None:
        """The address to write to: the work one, else the primary one, else the first."""
        return self.work_email or next(
            (e["value"] for e in self._emails() if e.get("primary")),
            next((e["value"] for e in self._emails()), None),
        )

    @property
    def work_email(self) -> str | None:
        """The first address of type `work`."""
        return next(self._work_emails(), None)

    @property
    def email_values(self) -> tuple[str, ...]:
        """All addresses."""
        return tuple(e["value"] for e in self._emails())

    @property
    def email_keys(self) -> tuple[str, ...]:
        """The keys of all addresses, for the filter on `emails.value`."""
        return tuple(comparison_key(email) for email in self.email_values)

    @property
    def work_email_key(self) -> str | None:
        """The key of the first work address, for the filter on `emails[type eq "work"].value`."""
        email = self.work_email
        return None if email is None else comparison_key(email)

    @property
    def work_email_keys(self) -> tuple[str, ...]:
        """The keys of all work addresses."""
        return tuple(comparison_key(email) for email in self._work_emails())

    @property
    def display_name_key(self) -> str | None:
        """The key of the display name."""
        name = self.display_name
        return None if name is None else comparison_key(name)

    @property
    def manager(self) -> str | None:
        """The SCIM id of the manager, as provisioned."""
        extension: dict[str, Any] = self.document.get(ENTERPRISE_URN, {})
        manager: dict[str, str] = extension.get("manager", {})
        return manager.get("value")

    @property
    def attributes(self) -> dict[str, Any]:
        """The attributes that events carry besides the named ones."""
        return {k: v for k, v in self.document.items() if k not in _NAMED_IN_EVENTS}

    def _emails(self) -> Iterator[dict[str, Any]]:
        return (e for e in self.document.get("emails", ()) if "value" in e)

    def _work_emails(self) -> Iterator[str]:
        return (e["value"] for e in self._emails() if e.get("type", "").lower() == "work")
