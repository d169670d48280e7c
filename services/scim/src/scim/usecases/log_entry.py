"""One SCIM request as a row of the provisioning log.

The API makes the entry, use cases and storage fill in what they learn, and it is stored once: by
the statement of the write it belongs to, else by `ProvisioningLog`. It holds no bodies, no secrets.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

MAX_TEXT = 300


def truncated(text: str | None) -> str | None:
    """Return what a client sent, short enough for the log and without NUL."""
    return text[:MAX_TEXT].replace("\x00", "\N{REPLACEMENT CHARACTER}") if text else None


@dataclass(slots=True)
class LogEntry:
    """A request, what it was about and what became of it."""

    tenant_id: UUID
    id: UUID
    occurred_at: datetime
    endpoint: str
    """Its name, `user.patch`; the column and the field in the log's output are `operation`."""
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
