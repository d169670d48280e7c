"""What a filter asks of the storage: a conjunction of equalities, most on a few known attributes.

Values arrive in the form they are compared in: comparison keys for attributes without case,
ids as UUID (`IMPOSSIBLE_ID` for text that can be no id), everything else verbatim.
"""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

IMPOSSIBLE_ID = UUID(int=0)
"""An id that no resource ever has: what a malformed id in a filter becomes."""


class Field(StrEnum):
    """The attributes that storage can find a resource by."""

    ID = "id"
    USER_NAME = "userName"
    DISPLAY_NAME = "displayName"
    EXTERNAL_ID = "externalId"
    EMAIL = "emails.value"
    WORK_EMAIL = 'emails[type eq "work"].value'
    ACTIVE = "active"
    MANAGER = "manager.value"
    MEMBER = "members.value"


@dataclass(frozen=True, slots=True)
class Unindexed:
    """Any other attribute of a user: storage reads every document of the tenant for it."""

    path: tuple[str, ...]
    """Canonical names from the top of the document."""
    type: str | None = None
    """Of the entries of a multi-valued attribute: those of this `type` only."""
    case_exact: bool = False

    def __str__(self) -> str:
        return ".".join(self.path)


@dataclass(frozen=True, slots=True)
class Equals:
    """One clause: the field holds exactly this value."""

    field: Field | Unindexed
    value: str | bool | UUID
    """The key of what is compared without case; as it was sent for what is not indexed."""


Filter = tuple[Equals, ...]
"""All clauses must hold; the empty filter matches every resource."""


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of an ordered result is asked for (RFC 7644 §3.4.2.4)."""

    start_index: int
    """From 1."""
    count: int
    """At most this many; 0 asks for the total alone."""

    @property
    def offset(self) -> int:
        """How many resources come before the page."""
        return self.start_index - 1
