"""The light signal that new events wait in the outbox.

It wakes the relay of this process, and those of other processes by a NOTIFY that is sent outside
the business transaction: NOTIFY takes a lock of the whole cluster when it commits. Both come a bit
after the first commit they tell of, and tell of all that follow until then: waking a relay, its
broker and every consumer costs several times what one more event does. A lost signal costs latency
only, since every relay also polls.
"""

import asyncio
from contextlib import suppress

import structlog

from chassis.database import DATABASE_FAILURES, connect, disconnect
from chassis.retry import retry

CHANNEL = "outbox"
GATHER_SECONDS = 0.025
RETRY_DELAY = 1.0

_log = structlog.get_logger(__name__)


class OutboxSignal:
    """Tells relays, here and elsewhere, that something was committed to the outbox."""

    def __init__(self, gather: float = GATHER_SECONDS) -> None:
        """Tell of what is committed within `gather` seconds at once."""
        self._gather = gather
        self.local_relay_leads = False
        """A relay in this process owns every bucket, so nobody else needs to be told."""
        self._committed = False
        """Something was committed that nobody has been told of yet."""
        self._local = asyncio.Event()
        self._remote = asyncio.Event()

    def notify(self) -> None:
        """Say that something was committed. Never blocks, never fails."""
        if not self._committed:
            self._committed = True
            asyncio.get_running_loop().call_later(self._gather, self._tell)

    def _tell(self) -> None:
        if not self._committed:
            return
        self._committed = False
        self._local.set()
        if not self.local_relay_leads:
            self._remote.set()

    async def wait(self, timeout: float) -> None:
        """Wait until somebody notifies, at most `timeout` seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await self._local.wait()
        self._local.clear()

    def wake(self) -> None:
        """Wake the relay of this process only."""
        self._local.set()

    async def notify_others(self, dsn: str) -> None:
        """Notify the relays of other processes once, as a command does before it ends."""
        self._tell()
        if not self._remote.is_set():
            return
        with suppress(*DATABASE_FAILURES):
            connection = await connect(dsn, application_name="outbox-signal")
            try:
                await connection.execute(f"NOTIFY {CHANNEL}")
            finally:
                await disconnect(connection)

    async def run(self, dsn: str) -> None:
        """Notify the relays of other processes whenever something was committed here."""
        await retry(
            lambda: self._notify(dsn),
            DATABASE_FAILURES,
            first=RETRY_DELAY,
            limit=RETRY_DELAY,
            failed=lambda error, _pause: _log.warning("outbox.signal_failed", error=repr(error)),
            # It may wait for ever for something to be committed.
            beats=False,
        )

    async def _notify(self, dsn: str) -> None:
        connection = await connect(dsn, application_name="outbox-signal")
        try:
            while True:
                await self._remote.wait()
                self._remote.clear()
                await connection.execute(f"NOTIFY {CHANNEL}")
        finally:
            await disconnect(connection)
