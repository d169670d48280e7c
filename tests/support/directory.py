"""Stands in for the tenant directory: says on Kafka what tenants there are."""

from collections.abc import Sequence
from uuid import UUID

from chassis.bus import (
    KafkaSender,
    OutgoingRecord,
    Partition,
    encode_headers,
    partition_of,
    record_key,
)
from chassis.clock import SystemClock
from chassis.ids import uuid7
from contracts.directory import DirectoryTenant
from contracts.event import Event
from contracts.topics import DIRECTORY_TENANTS


def tenant_state(
    name: str,
    *,
    tenant_id: UUID | None = None,
    version: int = 1,
    package: str = "business",
    status: str = "active",
) -> DirectoryTenant:
    """Return a tenant's state."""
    return DirectoryTenant(
        tenant_id=tenant_id or uuid7(),
        version=version,
        name=name,
        package=package,
        status=status,
    )


def tenant_event(tenant_id: UUID, version: int, data: DirectoryTenant | None) -> Event:
    """Return the event that says it; without data, that the tenant is gone."""
    return Event(
        id=uuid7(),
        type="directory.tenant.state.v1",
        source="/services/tenant-directory",
        subject=str(tenant_id),
        time=SystemClock().now(),
        tenant_id=tenant_id,
        data=data,
        sequence=version,
        version=version,
    )


async def say(bootstrap: str, events: Sequence[Event]) -> None:
    """Send them to `directory-tenants`."""
    sender = KafkaSender(bootstrap)
    await sender.start()
    try:
        assert await sender.send([record_of(event) for event in events]) == [None] * len(events)
    finally:
        await sender.close()


def record_of(event: Event) -> OutgoingRecord:
    """Return the record of an event on `directory-tenants`."""
    number = partition_of(event.tenant_id, DIRECTORY_TENANTS.partitions)
    return OutgoingRecord(
        partition=Partition(DIRECTORY_TENANTS.name, number),
        key=record_key(DIRECTORY_TENANTS, event.tenant_id, event.subject),
        value=None if event.data is None else event.data.model_dump_json().encode(),
        headers=encode_headers(event),
    )
