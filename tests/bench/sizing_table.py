"""What was measured of a stack's size, printed, with what follows for many tenants."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

TENANTS = 100
USERS_OF_A_TENANT = 1_000
PER_WRITE = frozenset({"outbox", "provisioning_log", "audit_log"})
STATE_TOPICS = frozenset({"kafka.directory-users", "kafka.directory-tenants"})
LEAST = 16.0
"""Bytes for each write below which a table is not worth a line."""


@dataclass(frozen=True, slots=True)
class Session:
    """Database connections of a role."""

    role: str
    open: int
    used: int
    """Those that ran a statement while users were provisioned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """What was measured; by process, or by `service.table` and `kafka.topic`."""

    users: int
    writes: int
    seconds: float
    """From the first write until the directory showed the last one."""
    processor: float
    """Seconds of processor in all processes meanwhile."""
    cores: Mapping[str, float]
    """Taken while nothing happened."""
    resident: Mapping[str, float]
    """MB while nothing happened."""
    proportional: Mapping[str, float]
    """The same; memory that is shared with others counts for its part."""
    proportional_after: Mapping[str, float]
    sessions: Sequence[Session]
    grown: Mapping[str, float]
    """Bytes on disk for the users and writes, indexes included, PostgreSQL's own log not."""

    def for_each_write(self, *, topics: bool) -> dict[str, float]:
        """Return bytes for each write: logs and outboxes, or the events in Kafka."""
        return {
            name: size / self.writes
            for name, size in self.grown.items()
            if (name.startswith("kafka.") if topics else name.rpartition(".")[2] in PER_WRITE)
        }

    def for_each_user(self) -> dict[str, float]:
        """Return bytes for each user in tables that hold what is now, groups with them."""
        return {
            name: size / self.users
            for name, size in self.grown.items()
            if not name.startswith("kafka.") and name.rpartition(".")[2] not in PER_WRITE
        }


def print_sizes(sizes: Sizes, say: Callable[[str], object]) -> None:
    """Print everything, the largest first."""
    say(
        f"At rest: {sum(sizes.resident.values()):.0f} MB resident, "
        f"{sum(sizes.proportional.values()):.0f} MB proportional; "
        f"{sum(sizes.cores.values()):.3f} cores\n"
    )
    for name, used in sorted(sizes.proportional.items(), key=lambda item: -item[1]):
        say(
            f"  {name:<36} {sizes.resident[name]:6.0f} MB resident {used:6.0f} proportional "
            f"({sizes.proportional_after.get(name, 0):.0f} afterwards) "
            f"{sizes.cores.get(name, 0):7.3f} cores\n"
        )
    opened, used_ = sum(s.open for s in sizes.sessions), sum(s.used for s in sizes.sessions)
    say(f"Database connections: {opened}, of which {opened - used_} did nothing meanwhile\n")
    for session in sizes.sessions:
        say(f"  {session.role:<36} {session.open:6} open {session.used:6} used\n")
    say(
        f"Provisioning: {sizes.writes / sizes.seconds:.0f} writes/s until visible, "
        f"{sizes.processor / sizes.writes * 1000:.1f} ms of processor for each in all processes\n"
    )
    _print_bytes(sizes, say)


def _print_bytes(sizes: Sizes, say: Callable[[str], object]) -> None:
    people = TENANTS * USERS_OF_A_TENANT
    users, written = sizes.for_each_user(), sizes.for_each_write(topics=False)
    topics = sizes.for_each_write(topics=True)
    say(f"Bytes on disk ({sizes.users} users, {sizes.writes} writes):\n")
    for title, found in (
        ("for each user", users),
        ("for each write, in the databases", written),
        ("for each write, in Kafka", topics),
    ):
        say(f"  {title}: {sum(found.values()):,.0f}\n")
        for name, size in sorted(found.items(), key=lambda item: -item[1]):
            if size >= LEAST:
                say(f"    {name:<36} {size:8,.0f}\n")
    events = sum(size for name, size in topics.items() if name not in STATE_TOPICS)
    state = sum(size for name, size in topics.items() if name in STATE_TOPICS)
    outbox = sum(size for name, size in written.items() if name.endswith(".outbox"))
    logs = sum(written.values()) - outbox
    say(
        f"For {TENANTS} tenants of {USERS_OF_A_TENANT} users, each provisioned and changed once:\n"
        f"  users and groups {sum(users.values()) * people / 1e9:.2f} GB, "
        f"logs {logs * people * 2 / 1e9:.2f} GB, outboxes at most {outbox * people * 2 / 1e9:.2f} "
        f"GB, Kafka's events {events * people * 2 / 1e9:.2f} GB, its states "
        f"{state * people / 1e9:.2f} GB\n"
    )
