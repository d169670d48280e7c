"""The relay: numbers what lies in the outbox, sends it in that order, and marks it.

A crash anywhere repeats numbers, never skips or reorders them: a number is committed before it is
sent, and an event is marked only when the broker has it and everything before it of the same tenant
and topic. After any failed send the producer is thrown away and the outbox is read again.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from chassis.bus import NOBODY, KafkaAccount, KafkaSender, Partition, Sender, fault_points
from chassis.database import DATABASE_FAILURES
from chassis.loops import beat
from chassis.outbox.batch import deliver
from chassis.outbox.session import BUCKETS, RelaySession
from chassis.outbox.signal import OutboxSignal
from chassis.outbox.store import RelayStore
from chassis.retry import Progress, retry

BATCH = 250
RECHECK_INTERVAL = 5.0
SMALL_BATCH = 50
"""Fewer than this are all that waited: else a tenant's share of the batch would be full."""
SMALL_BYTES = 1_000_000
MARK_DELAY = 0.25
MIN_BACKOFF = 0.1
MAX_BACKOFF = 5.0

_log = structlog.get_logger(__name__)


class RelayInterrupted(Exception):
    """The relay has to begin anew: a send failed, or its buckets may belong to another."""


_FAILURES = (*DATABASE_FAILURES, RelayInterrupted)


class Relay:
    """A loop that empties the outbox; any number may run, for each bucket one is at work."""

    def __init__(
        self,
        *,
        dsn: str,
        bootstrap: str,
        account: KafkaAccount = NOBODY,
        source: str,
        signal: OutboxSignal | None = None,
        sender: Callable[[], Sender] | None = None,
        poll: float = 1.0,
        silence: float = 5.0,
        keep_sent: timedelta = timedelta(hours=6),
        retry_blocked: timedelta = timedelta(minutes=1),
    ) -> None:
        """Prepare.

        Args:
            dsn: The service's database.
            bootstrap: Kafka's bootstrap servers.
            account: Who the service is to them.
            source: CloudEvents `source` of the events, `/services/scim`.
            signal: Wakes this relay when something was committed.
            sender: Makes a sender in place of Kafka's.
            poll: Seconds after which the outbox is looked at without a signal.
            silence: Seconds without a sign of life after which another relay takes over.
            keep_sent: How long sent events stay in the outbox.
            retry_blocked: How long an event that could not be sent rests before another attempt.
        """
        self.signal = signal or OutboxSignal()
        self.source = source
        self.poll = poll
        self.keep_sent = keep_sent
        self.suspects: set[Partition] = set()
        self.reach = fault_points()
        self._dsn = dsn
        self._silence = silence
        self._retry_blocked = retry_blocked
        self._make_sender = sender or (lambda: KafkaSender(bootstrap, account))

    async def run(self) -> None:
        """Relay for ever; whatever fails is tried again from the outbox."""
        progress = Progress()
        await retry(
            lambda: self._relay(progress),
            _FAILURES,
            first=MIN_BACKOFF,
            limit=MAX_BACKOFF,
            failed=lambda error, pause: _log.warning(
                "relay.interrupted", error=repr(error), retry_seconds=pause
            ),
            progress=progress,
        )

    async def _relay(self, progress: Progress) -> None:
        session = await RelaySession.open(self._dsn, silence=self._silence, wake=self.signal.wake)
        sender = self._make_sender()
        try:
            async with RelayStore.open(self._dsn, self._retry_blocked) as store:
                await sender.start()
                run = _RelayRun(self, session, sender, store)
                while True:
                    beat()
                    await run.work()
                    progress.mark()
        finally:
            self.signal.local_relay_leads = False
            # The buckets go last: nothing may be sent once another relay can have them.
            await sender.close()
            await session.close()


@dataclass(slots=True)
class _RelayRun:
    """The relay's work with one session and one sender, until either fails."""

    relay: Relay
    session: RelaySession
    sender: Sender
    store: RelayStore
    rechecked_at: float = -RECHECK_INTERVAL
    unmarked: list[int] = field(default_factory=list)
    """Sent, but not marked yet: a mark costs as much as a number, so many share one."""
    mark_due: float = 0.0
    emptied: bool = False
    """The last batch took all that waited; the next commit will be told of."""

    async def work(self) -> None:
        """Send what waits, or wait for it."""
        unmarked_before = await self._recheck()
        ids = unmarked_before or await self._assign_sequences()
        if not ids:
            self.emptied = False
            await self._mark_in_time()
            rest = MARK_DELAY if self.unmarked else self.relay.poll
            await self.relay.signal.wait(rest)
            return
        self.relay.reach("relay.numbered")
        await self._send(ids)
        await self._mark_in_time()
        if unmarked_before:
            await self._mark()
            await self.store.unblock()

    async def _recheck(self) -> list[int]:
        """Now and then: take free buckets, prune, and return what is numbered but not marked."""
        gained = len(self.session.owned) < BUCKETS and await self.session.take_buckets()
        self.relay.signal.local_relay_leads = len(self.session.owned) == BUCKETS
        if gained:
            _log.info("relay.buckets_taken", buckets=len(self.session.owned))
        if not gained and time.monotonic() - self.rechecked_at < RECHECK_INTERVAL:
            return []
        await self._mark()
        if not await self.store.prune(self.relay.keep_sent):
            self.rechecked_at = time.monotonic()
        return await self.session.find_numbered() if self.session.owned else []

    async def _assign_sequences(self) -> list[int]:
        if self.emptied or not self.session.owned:
            return []
        return await self.session.assign_sequences(BATCH)

    async def _send(self, ids: Sequence[int]) -> None:
        relay = self.relay
        rows = await self.store.read(ids)
        size = sum(len(row["data"] or b"") for row in rows)
        self.emptied = len(ids) < SMALL_BATCH and size < SMALL_BYTES
        if not self.session.holds_buckets():
            raise RelayInterrupted("the buckets may have passed to another relay")
        relay.reach("relay.before_send")
        delivery = await deliver(self.sender, rows, relay.source, relay.suspects)
        relay.reach("relay.after_send")
        if not self.session.holds_buckets():
            await self.store.resend_newest(ids)
            raise RelayInterrupted("the buckets passed to another relay during a send")

        if not self.unmarked:
            self.mark_due = time.monotonic() + MARK_DELAY
        self.unmarked += delivery.sent
        if delivery.refused:
            await self.store.block(delivery.refused)
        if delivery.failure is not None:
            await self._mark()
            raise RelayInterrupted(f"a send failed: {delivery.failure}")

    async def _mark_in_time(self) -> None:
        if len(self.unmarked) >= BATCH or time.monotonic() >= self.mark_due:
            await self._mark()

    async def _mark(self) -> None:
        if self.unmarked:
            self.relay.reach("relay.before_mark")
            await self.store.mark_sent(self.unmarked)
            self.unmarked.clear()
            self.relay.reach("relay.after_mark")
