"""One SCIM request as the provisioning log will show it.

The API opens a call, use cases and storage fill in what they learn, and it is logged exactly once:
by the statement of the write it belongs to, else by the journal. It never holds bodies or secrets.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

MAX_NOTED = 300


def noted(text: str | None) -> str | None:
    """Return what a client sent as the log can hold it: short, and without the NUL no text has."""
    return text[:MAX_NOTED].replace("\x00", "\N{REPLACEMENT CHARACTER}") if text else None


@dataclass(slots=True)
class Call:
    """A request, what it was about and what became of it."""

    tenant_id: UUID
    id: UUID
    occurred_at: datetime
    operation: str
    """What was asked, as `user.patch`."""
    resource_type: str | None
    status: int
    """The HTTP status of success until something fails."""
    correlation_id: str | None = None
    resource_id: str | None = None
    resource_name: str | None = None
    """User name or display name."""
    scim_type: str | None = None
    detail: str | None = None
    """The sentence that the identity provider's administrator sees."""
    dropped: tuple[str, ...] = ()
    """Attributes that were sent and are not known here."""
    logged: bool = False
    """Whether the row has been committed together with the write."""
