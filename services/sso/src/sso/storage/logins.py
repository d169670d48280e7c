"""Logins on their way in PostgreSQL."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from chassis.clock import Clock
from chassis.database import read_queries, transaction
from kernel.tenant import Tenant
from sso.domain.login import Outcome, PendingLogin, Waiting
from sso.domain.refusals import Code, Refused
from sso.storage import families, proofs, rows, sessions
from sso.usecases.ports import LogRow

QUERIES = read_queries("sso.storage", "logins")
PRUNED_AT_ONCE = 5_000
LOGINS_OF_BROWSER = 20
ONE_SUBJECT = "bindings_one_subject"


@dataclass(frozen=True, slots=True)
class PostgresLogins:
    """The logins of all tenants."""

    pool: asyncpg.Pool
    clock: Clock

    async def begin(self, login: PendingLogin, at: datetime) -> None:
        """Remember that a browser has left."""
        await self.pool.execute(
            *QUERIES["insert_login"](
                tenant_id=login.tenant_id,
                id=login.id,
                connection_id=login.connection_id,
                use=login.use.value,
                request_id=login.request_id,
                browser_digest=login.browser_digest,
                others=LOGINS_OF_BROWSER - 1,
                request=rows.request_document(login.request),
                created_at=at,
                expires_at=login.expires_at,
            )
        )

    async def find(
        self, tenant_id: UUID, connection_id: UUID, request_id: str
    ) -> PendingLogin | None:
        """Return the login that a request began."""
        row = await self.pool.fetchrow(
            *QUERIES["find_login"](
                tenant_id=tenant_id, connection_id=connection_id, request_id=request_id
            )
        )
        return None if row is None else rows.pending_login(row)

    async def find_test(
        self, tenant_id: UUID, connection_id: UUID, login_id: UUID
    ) -> PendingLogin | None:
        """Return the test of that id."""
        query = QUERIES["find_test"](tenant_id=tenant_id, connection_id=connection_id, id=login_id)
        row = await self.pool.fetchrow(*query)
        return None if row is None else rows.pending_login(row)

    async def take_assertion(
        self,
        login: PendingLogin,
        assertion_id: str,
        remember_until: datetime,
        *,
        outcome: Outcome,
        proof_digest: bytes,
        subject: str | None,
        row: LogRow,
    ) -> bool:
        """Take an assertion, once: note who it was, bind the subject, log."""
        query = QUERIES["take_assertion"](
            tenant_id=login.tenant_id,
            id=login.id,
            connection_id=login.connection_id,
            assertion_id=assertion_id,
            remember_until=remember_until,
            proof_digest=proof_digest,
            document=rows.outcome_document(outcome),
            subject=subject,
            log_id=row.id,
            **_log_values(row),
        )
        try:
            return await self._take_or_try_again(query)
        except asyncpg.UniqueViolationError as error:
            if error.constraint_name == ONE_SUBJECT:
                detail = "the user was bound to another object id at this moment"
                raise Refused(Code.OTHER_SUBJECT, detail, user_id=outcome.user_id) from error
            # Another login has taken the same assertion at the same moment.
            return False

    async def _take_or_try_again(self, query: tuple[Any, ...]) -> bool:
        try:
            return await self.pool.fetchval(*query) is not None
        except asyncpg.UniqueViolationError as error:
            if error.constraint_name != ONE_SUBJECT:
                raise
        # Perhaps the same person in another window: then the binding is the same, and there by now.
        return await self.pool.fetchval(*query) is not None

    async def pass_test(
        self, login: PendingLogin, assertion_id: str, remember_until: datetime, row: LogRow
    ) -> bool:
        """Take the assertion of a test, once; it signs nobody in."""
        async with transaction(self.pool) as database:
            if not await _take(database, login, assertion_id, remember_until):
                return False
            await database.execute(*QUERIES["delete_login"](tenant_id=login.tenant_id, id=login.id))
            await _log(database, row)
        return True

    async def complete(
        self, login_id: UUID, proof_digest: bytes
    ) -> tuple[PendingLogin, Tenant | None] | None:
        """Return a login whose assertion was taken, once, by its own proof; and its tenant."""
        query = QUERIES["complete_login"](id=login_id, proof_digest=proof_digest)
        row = await self.pool.fetchrow(*query)
        return None if row is None else (rows.pending_login(row), rows.tenant(row))

    async def answered(self, login_id: UUID, proof_digest: bytes) -> PendingLogin | None:
        """Return a login whose assertion was taken, by its own proof, which stays good."""
        query = QUERIES["find_answered_login"](id=login_id, proof_digest=proof_digest)
        row = await self.pool.fetchrow(*query)
        return None if row is None else rows.pending_login(row)

    async def forget(self, login: PendingLogin) -> bool:
        """Forget a login; False if that was done."""
        query = QUERIES["delete_login"](tenant_id=login.tenant_id, id=login.id)
        done: str = await self.pool.execute(*query)
        return not done.endswith(" 0")

    async def wait(self, login: PendingLogin, waiting: Waiting, digest: bytes) -> None:
        """Remember who waits to be provisioned."""
        query = QUERIES["save_waiting"](
            tenant_id=login.tenant_id,
            id=login.id,
            digest=digest,
            document=rows.waiting_document(waiting),
        )
        await self.pool.execute(*query)

    async def waiting(self, login_id: UUID, digest: bytes) -> tuple[PendingLogin, Waiting] | None:
        """Return a login whose person waits, and who that is, if the proof is its own."""
        row = await self.pool.fetchrow(*QUERIES["find_waiting"](id=login_id, digest=digest))
        return None if row is None else (rows.pending_login(row), rows.waiting(row["waiting"]))

    async def completed(self, login_id: UUID, browser_digest: bytes) -> PendingLogin | None:
        """Return a login that this browser has completed."""
        query = QUERIES["find_completed_login"](id=login_id, browser_digest=browser_digest)
        row = await self.pool.fetchrow(*query)
        return None if row is None else rows.pending_login(row)

    async def log(self, row: LogRow) -> None:
        """Write what became of a sign-in."""
        await self.pool.execute(*_log_query(row))

    async def prune(self) -> int:
        """Delete what is over: proofs and refresh tokens at once, sessions after a day."""
        now = self.clock.now()
        pruned = 0
        for query, before in (
            (families.QUERIES["prune_families"], now),
            (proofs.QUERIES["prune_client_assertions"], now),
            (proofs.QUERIES["prune_pushed_requests"], now),
            (sessions.QUERIES["prune_sessions"], now - timedelta(days=1)),
        ):
            while True:
                done = await self.pool.execute(*query(before=before, limit=PRUNED_AT_ONCE))
                count = int(done.rpartition(" ")[2])
                pruned += count
                if count < PRUNED_AT_ONCE:
                    break
        return pruned


async def _take(
    database: asyncpg.Connection, login: PendingLogin, assertion_id: str, until: datetime
) -> bool:
    taken = await database.fetchval(
        *QUERIES["insert_assertion"](
            tenant_id=login.tenant_id,
            connection_id=login.connection_id,
            assertion_id=assertion_id,
            expires_at=until,
        )
    )
    return taken is not None


async def _log(database: asyncpg.Connection, row: LogRow) -> None:
    await database.execute(*_log_query(row))


def _log_query(row: LogRow) -> tuple[Any, ...]:
    query = QUERIES["insert_log_row"]
    return query(
        tenant_id=row.tenant_id,
        id=row.id,
        connection_id=row.connection_id,
        **_log_values(row),
    )


def _log_values(row: LogRow) -> dict[str, Any]:
    return {
        "occurred_at": row.occurred_at,
        "outcome": row.outcome,
        "user_id": row.user_id,
        "matched_by": row.matched_by,
        "detail": (row.detail or "").replace("\x00", "")[:1_000] or None,
        "correlation_id": row.correlation_id,
    }
