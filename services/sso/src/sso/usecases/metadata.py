"""Metadata of identity providers: given by hand or by address, and fetched again by the worker.

Nobody's sign-in waits for a metadata host, and none fails because one is away: what was read last
stays in use.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from chassis.clock import Clock
from chassis.loops import beat
from chassis.retry import every
from kernel.errors import DomainError, InvalidError
from sso.domain.connection import Connection, IdentityProvider
from sso.usecases.connections import there
from sso.usecases.ports import Connections, Refresh, Refreshes

Fetch = Callable[[str], Awaitable[bytes]]
"""Returns what an address answers, or raises InvalidError."""
Read = Callable[[bytes, datetime], IdentityProvider]
"""Reads metadata as of now; raises InvalidError that says what came."""

REFRESH_EVERY = timedelta(hours=24)
FIRST_RETRY = timedelta(minutes=15)
LEASE = timedelta(minutes=10)
AT_ONCE = 8
"""As many as are fetched beside each other."""
LOOK_SECONDS = 60.0
_ADDRESSES = (b"https://", b"http://")
_BOM = b"\xef\xbb\xbf"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class SetMetadata:
    """Gives a connection its identity provider's metadata: a document, or where it is."""

    connections: Connections
    fetch: Fetch
    read: Read
    clock: Clock

    async def __call__(self, connection: Connection, given: bytes) -> Connection:
        """Store what the document says as the candidate, which has to be tested."""
        url = address_in(given)
        document = given if url is None else await self.fetch(url)
        provider = replace(self.read(document, self.clock.now()), metadata_url=url)

        def decide(known: Connection) -> Connection:
            old = known.candidate
            named = (old.email_claim, old.subject_claim) if old is not None else (None, None)
            return known.edited(replace(provider, email_claim=named[0], subject_claim=named[1]))

        return there(await self.connections.change(connection.id, decide))


@dataclass(frozen=True, slots=True)
class RefreshMetadata:
    """Fetches metadata again that is due, or of one connection at once."""

    connections: Connections
    refreshes: Refreshes
    fetch: Fetch
    read: Read
    clock: Clock
    failures: tuple[type[Exception], ...] = ()
    """What storage raises while it is away."""
    jitter: Callable[[], float] = random.random

    async def run(self) -> None:
        """Do it for ever, as the worker's loop; while the database is away, the next look does."""
        async for _ in every(LOOK_SECONDS, beats=True):
            try:
                while await self.due():
                    beat()
            except self.failures as error:
                log.error("metadata.refresh_stopped", error=repr(error))

    async def due(self) -> int:
        """Fetch some that are due, and return how many they were."""
        now = self.clock.now()
        claimed = await self.refreshes.claim_refreshes(now, now + LEASE, AT_ONCE)
        await asyncio.gather(*(self._refresh(each) for each in claimed))
        return len(claimed)

    async def last(self, connection: Connection) -> Refresh:
        """Return what became of fetching the metadata of a connection."""
        return await self.refreshes.refresh_of(connection)

    async def __call__(self, connection: Connection) -> Refresh:
        """Fetch the metadata of a connection now."""
        if connection.active is None or connection.active.metadata_url is None:
            raise InvalidError(
                "no-metadata-address", "People sign in by no metadata that came by an address."
            )
        await self._refresh(connection.id)
        return await self.refreshes.refresh_of(connection)

    async def _refresh(self, connection_id: UUID) -> None:
        connection = await self.connections.find(connection_id)
        if connection is None or connection.active is None:
            return
        url, now = connection.active.metadata_url, self.clock.now()
        if url is None:
            return
        try:
            fresh = self.read(await self.fetch(url), now)
            await self.connections.change(
                connection_id, lambda known: _refreshed(known, fresh, url, now)
            )
        except DomainError as error:
            await self._failed(connection, str(error), now)
            return
        due_at = now + REFRESH_EVERY * (0.9 + 0.2 * self.jitter())
        await self.refreshes.save_refresh(connection, now, due_at, None)

    async def _failed(self, connection: Connection, problem: str, now: datetime) -> None:
        failures = (await self.refreshes.refresh_of(connection)).failures
        pause = min(REFRESH_EVERY, FIRST_RETRY * 2 ** min(failures, 10))
        due_at = now + pause * (0.9 + 0.2 * self.jitter())
        await self.refreshes.save_refresh(connection, now, due_at, problem[:1_000])
        log.warning(
            "metadata.refresh_failed",
            tenant_id=str(connection.tenant_id),
            connection_id=str(connection.id),
            failures=failures + 1,
            problem=problem[:300],
        )


def address_in(given: bytes) -> str | None:
    """Return the address that was given in place of a document, if it is one."""
    text = given.removeprefix(_BOM).strip()
    if not text.lower().startswith(_ADDRESSES) or len(text.split()) != 1:
        return None
    try:
        return text.decode()
    except UnicodeDecodeError:
        return None


def _refreshed(known: Connection, fresh: IdentityProvider, url: str, now: datetime) -> Connection:
    """Return the connection with the fresh metadata, unless it was given another meanwhile."""
    if known.active is None or known.active.metadata_url != url:
        return known
    return known.refreshed(fresh, now)
