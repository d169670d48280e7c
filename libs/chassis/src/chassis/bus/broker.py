"""The broker as the relay and the consumer see it: two small ports and the records they carry.

`chassis.bus.kafka` is the real one, `chassis.testing.LocalBroker` the one in memory; the tests
in `tests/conformance` hold both to what is written here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, Protocol
from uuid import UUID

from aiokafka.partitioner import murmur2

Headers = Sequence[tuple[str, bytes]]


class Partition(NamedTuple):
    """One partition of a topic."""

    topic: str
    number: int


@dataclass(frozen=True, slots=True)
class OutgoingRecord:
    """A record to be written to one partition."""

    partition: Partition
    key: bytes
    value: bytes | None
    headers: Headers


@dataclass(frozen=True, slots=True)
class ReceivedRecord:
    """A record as it lies in the log."""

    partition: Partition
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers


class SendError(Exception):
    """The broker did not take a record."""

    def __init__(self, reason: str, *, permanent: bool) -> None:
        """Say why; a permanent one is about the record itself, which can never be sent."""
        super().__init__(reason)
        self.permanent = permanent


class Sender(Protocol):
    """Writes records.

    After a SendError the caller may only close the sender and start a new one.
    """

    async def start(self) -> None:
        """Connect, or raise OSError."""
        ...

    async def send(self, records: Sequence[OutgoingRecord]) -> list[SendError | None]:
        """Write records and return each one's outcome, in order.

        Records of one partition lie in the log in the order given. None means that the broker has
        it for good. A record that failed may be in the log all the same.
        """
        ...

    async def close(self) -> None:
        """Disconnect within a bounded time; nothing is written afterwards."""
        ...


class Receiver(Protocol):
    """Reads as a member of a group, from where the caller says.

    Assigned partitions are paused: the caller seeks and resumes them. The callbacks must not block.
    """

    async def start(
        self, assigned: Callable[[set[Partition]], None], revoked: Callable[[], object]
    ) -> None:
        """Join the group; `revoked` may return an awaitable, which is awaited before leaving."""
        ...

    async def receive(self, timeout: float) -> Mapping[Partition, Sequence[ReceivedRecord]]:
        """Return the next records of the partitions that are not paused, in order, or nothing.

        If the wanted offset is not in the log, reading goes on at the earliest one; the caller
        sees that by the offset, and must prove by other means that nothing is missing.
        """
        ...

    def seek(self, partition: Partition, offset: int) -> None:
        """Read this partition from an offset on; 0 is the earliest one."""
        ...

    def pause(self, partition: Partition) -> None:
        """Stop receiving this partition."""
        ...

    def resume(self, partition: Partition) -> None:
        """Receive this partition again."""
        ...

    async def commit(self, offsets: Mapping[Partition, int]) -> None:
        """Tell the broker how far the group is, as a hint; raise OSError if it will not listen."""
        ...

    async def ends(self, partitions: Sequence[Partition]) -> Mapping[Partition, int]:
        """Return the offset after the last record of each partition, or raise OSError."""
        ...

    async def is_member(self) -> bool:
        """Ask the broker whether this receiver is in the group, or raise OSError."""
        ...

    async def close(self) -> None:
        """Leave the group within a bounded time."""
        ...


# The hash is plain Python over 36 bytes: worth remembering for every event of a busy tenant.
@lru_cache(maxsize=16_384)
def partition_of(tenant_id: UUID, count: int) -> int:
    """Return the partition of a tenant: Kafka's own hash, over the tenant id on every topic.

    The record key of a state topic is longer than the tenant id; a tenant keeps its partition
    number all the same.
    """
    return int(murmur2(str(tenant_id).encode()) & 0x7FFFFFFF) % count
