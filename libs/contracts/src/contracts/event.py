"""The envelope: CloudEvents 1.0 attributes and Portico's extensions, apart from any wire format."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from contracts.base import Contract


@dataclass(frozen=True, slots=True)
class Event:
    """One event as producers write it and consumers read it.

    `data` is None only for a deletion (tombstone) on a state topic.
    """

    id: UUID
    type: str
    source: str
    """`/services/scim`."""
    subject: str
    """Id of the user, group, tenant or claim that the event is about."""
    time: datetime
    """When it happened, UTC."""
    tenant_id: UUID
    data: Contract | None
    sequence: int | None = None
    """Dense per topic and tenant, from 1; the relay gives it, so it is None until then."""
    version: int | None = None
    """State topics: rises with every change of the record key."""
    correlation_id: str | None = None
    traceparent: str | None = None
