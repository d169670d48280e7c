"""What is shown of tokens and of the provisioning log."""

from typing import Any

from scim.usecases.log_entry import LogEntry
from scim.usecases.ports import Token

TOKEN_COLUMNS = ("prefix", "created", "expires", "last_used", "revoked", "id")
LOG_COLUMNS = (
    "time",
    "operation",
    "name",
    "resource_id",
    "status",
    "scim_type",
    "sentence",
    "dropped_attributes",
    "correlation_id",
)


def token_facts(token: Token) -> dict[str, Any]:
    """Return what is shown of a token."""
    return {
        "id": token.id,
        "prefix": token.prefix,
        "created": token.created_at,
        "expires": token.expires_at,
        "last_used": token.last_used_at,
        "revoked": token.revoked_at,
    }


def log_facts(entry: LogEntry) -> dict[str, Any]:
    """Return what is shown of a row of the provisioning log."""
    return {
        "time": entry.occurred_at,
        "operation": entry.endpoint,
        "resource_type": entry.resource_type,
        "resource_id": entry.resource_id,
        "name": entry.resource_name,
        "status": entry.status,
        "scim_type": entry.scim_type,
        "sentence": entry.detail,
        "dropped_attributes": entry.dropped,
        "correlation_id": entry.correlation_id,
    }
