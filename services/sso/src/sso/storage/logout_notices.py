"""Which apps have to hear of the end of sessions, in PostgreSQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg

from chassis.clock import Clock
from chassis.database import read_queries
from sso.domain.ending import EndedSession
from sso.domain.logout_notice import LogoutNotice
from sso.usecases.logout_notices import Backlog

QUERIES = read_queries("sso.storage", "logout_notices")
KEPT = timedelta(days=7)
PRUNED_AT_ONCE = 5_000


async def note(database: asyncpg.Connection, ended: Sequence[EndedSession], at: datetime) -> None:
    """Note in the open transaction which apps have to hear that these sessions are over."""
    if ended:
        await database.execute(
            *QUERIES["insert_notices"](
                tenant_ids=[each.tenant_id for each in ended],
                session_ids=[each.session_id for each in ended],
                user_ids=[each.user_id for each in ended],
                now=at,
            )
        )


@dataclass(frozen=True, slots=True)
class PostgresLogoutNotices:
    """The notices of all apps."""

    pool: asyncpg.Pool
    clock: Clock

    async def due_clients(
        self, busy: Sequence[str], at: datetime, *, limit: int
    ) -> Sequence[tuple[str, str]]:
        """Return apps with due notices, and their addresses; none of the busy ones."""
        query = QUERIES["list_due_clients"](busy=list(busy), now=at, limit=limit)
        return [(row["id"], row["backchannel_logout_uri"]) for row in await self.pool.fetch(*query)]

    async def claim(
        self, client_id: str, at: datetime, lease: datetime, *, limit: int
    ) -> Sequence[LogoutNotice]:
        """Take due notices of an app until a lease is over."""
        query = QUERIES["claim_notices"](client_id=client_id, now=at, lease=lease, limit=limit)
        return [LogoutNotice(**row) for row in await self.pool.fetch(*query)]

    async def heard(self, notice: LogoutNotice) -> None:
        """Forget a notice."""
        await self.pool.execute(*QUERIES["delete_notice"](**_key(notice)))

    async def postpone(self, notice: LogoutNotice, due_at: datetime, failure: str) -> None:
        """Let a notice be due later."""
        query = QUERIES["postpone_notice"](**_key(notice), due_at=due_at, failure=failure)
        await self.pool.execute(*query)

    async def give_up(self, notice: LogoutNotice, failure: str) -> None:
        """Keep a notice that is told no more."""
        query = QUERIES["give_up_notice"](**_key(notice), failure=failure)
        await self.pool.execute(*query)

    async def backlogs(self) -> Sequence[Backlog]:
        """Return what each app has still to hear."""
        return [Backlog(**row) for row in await self.pool.fetch(*QUERIES["sum_up_notices"]())]

    async def prune(self) -> int:
        """Forget what is older than a week."""
        before, pruned = self.clock.now() - KEPT, 0
        while True:
            query = QUERIES["prune_notices"](before=before, limit=PRUNED_AT_ONCE)
            count = int((await self.pool.execute(*query)).rpartition(" ")[2])
            pruned += count
            if count < PRUNED_AT_ONCE:
                return pruned


def _key(notice: LogoutNotice) -> dict[str, object]:
    return {
        "tenant_id": notice.tenant_id,
        "session_id": notice.session_id,
        "client_id": notice.client_id,
    }
