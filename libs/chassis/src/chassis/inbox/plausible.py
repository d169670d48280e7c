"""What no producer of ours writes: refused before it is applied, whoever could write to the broker.

Accounts keep strangers from the topics; this notices what comes all the same, and a producer whose
database was put back to an earlier state, so that it gives its numbers out again.
"""

from collections import OrderedDict
from functools import lru_cache
from uuid import UUID

from chassis.bus import Envelope, Partition, ReceivedRecord, event_id_of, partition_of
from chassis.inbox.errors import (
    ImpossibleSequence,
    ImpossibleVersion,
    SequenceConflict,
    WrongPartition,
)
from chassis.inbox.offset_store import AppliedState

MOST_REMEMBERED = 2_000
"""Events of a partition whose ids are remembered, beside each tenant's last one."""
MOST_VERSIONS_AHEAD = 1_000_000
"""Changes of one key that compaction may have dropped between two states that are read."""
MOST_VERSION = 2**31


class RecentEvents:
    """The ids of the last events of a partition, by tenant and sequence."""

    def __init__(self) -> None:
        """Begin empty: after a restart each tenant's last event is known from the database."""
        self._ids: OrderedDict[tuple[UUID, int], str] = OrderedDict()

    def remember(self, envelope: Envelope) -> None:
        """Note whose number this is."""
        self._ids[envelope.tenant_id, envelope.sequence] = envelope.event_id
        if len(self._ids) > MOST_REMEMBERED:
            self._ids.popitem(last=False)

    def check_repetition(self, envelope: Envelope, state: AppliedState) -> None:
        """Raise SequenceConflict unless a number that was applied has come with its event again."""
        tenant_id, sequence = envelope.tenant_id, envelope.sequence
        known = self._ids.get((tenant_id, sequence))
        if known is None and sequence == state.last_sequences[tenant_id]:
            known = state.last_event_ids[tenant_id]
        if known is not None and known != envelope.event_id:
            raise SequenceConflict(f"sequence {sequence} was another event's before")


def check_same_event(parked: ReceivedRecord, envelope: Envelope) -> None:
    """Raise SequenceConflict unless what is parked under the sequence is this event."""
    if event_id_of(parked) != envelope.event_id:
        raise SequenceConflict(f"another event is parked under sequence {envelope.sequence}")


def check_partition(tenant_id: UUID, partition: Partition, count: int) -> None:
    """Raise WrongPartition unless a tenant's records belong on the partition, one of so many."""
    if not is_partition_of(tenant_id, partition.number, count):
        raise WrongPartition(f"the tenant's partition is {_partition_of(tenant_id, count)}")


def is_partition_of(tenant_id: UUID, number: int, count: int) -> bool:
    """Tell whether a tenant's records belong on a partition, one of so many."""
    return _partition_of(tenant_id, count) == number


def check_version(version: int, before: int) -> None:
    """Raise ImpossibleVersion if a version cannot have followed the one before (0: none)."""
    if version > MOST_VERSION or (before and version > before + MOST_VERSIONS_AHEAD):
        raise ImpossibleVersion(f"version {version} cannot have followed version {before}")


def check_sequence(sequence: int, last: int) -> None:
    """Raise ImpossibleSequence if a number is further ahead than events can be missing.

    To wait for what is missing would halt the tenant, and to give it up would swallow what comes.
    """
    if sequence > MOST_VERSION or (last and sequence > last + MOST_VERSIONS_AHEAD):
        raise ImpossibleSequence(f"sequence {sequence} cannot have followed sequence {last}")


def check_passed(sequence: int, last: int) -> None:
    """Raise SequenceConflict if a number is still to come, so that its event is not yet known."""
    if sequence > last:
        raise SequenceConflict(f"sequence {sequence} is not handled yet: the last is {last}")


@lru_cache(maxsize=10_000)
def _partition_of(tenant_id: UUID, count: int) -> int:
    return partition_of(tenant_id, count)
