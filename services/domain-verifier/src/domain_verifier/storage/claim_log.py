"""The claim log: what happened to each claim, by whom, kept as long as the claim."""

from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from chassis.database import read_queries
from chassis.ids import uuid7
from domain_verifier.domain import changes
from domain_verifier.domain.claim import Transition
from domain_verifier.usecases.ports import BY_CHECKS, LogRecord

QUERIES = read_queries("domain_verifier.storage", "claims")

_ACTIONS: dict[type[changes.Change], str] = {
    changes.Claimed: "claimed",
    changes.Verified: "verified",
    changes.ReviewBegan: "review_began",
    changes.GraceWarned: "grace_warned",
    changes.Lapsed: "lapsed",
    changes.Failed: "failed",
    changes.Released: "released",
}


async def write_log(connection: asyncpg.Connection, transition: Transition, now: datetime) -> None:
    """Write a transition's changes in the caller's transaction."""
    for change in transition.changes:
        await connection.execute(
            *QUERIES["add_log"](
                tenant_id=transition.claim.tenant_id,
                claim_id=transition.claim.claim_id,
                log_id=uuid7(),
                happened_at=now,
                action=_ACTIONS[type(change)],
                actor=getattr(change, "actor", None) or BY_CHECKS.actor,
                details=orjson.dumps(_details(change)).decode(),
            )
        )


async def log_subdomain_verified(
    connection: asyncpg.Connection, tenant_id: UUID, claim_id: UUID, below: str, now: datetime
) -> None:
    """Log to the holder of a domain that somebody else proved a name below it; not who."""
    await connection.execute(
        *QUERIES["add_log"](
            tenant_id=tenant_id,
            claim_id=claim_id,
            log_id=uuid7(),
            happened_at=now,
            action="subdomain_verified",
            actor=BY_CHECKS.actor,
            details=orjson.dumps({"domain": below}).decode(),
        )
    )


def log_record(row: asyncpg.Record) -> LogRecord:
    """Return the log record of a row."""
    return LogRecord(row["happened_at"], row["action"], row["actor"], orjson.loads(row["details"]))


def _details(change: changes.Change) -> dict[str, Any]:
    match change:
        case changes.Verified(method, recovered, until, _, approved_by, reason):
            details = {"method": method, "recovered": recovered}
            if method == "override":
                details |= {"until": until, "approved_by": approved_by, "reason": reason}
            return details
        case changes.GraceWarned(ends_at, warning, reason):
            return {"ends_at": ends_at, "warning": warning, "reason": reason}
        case changes.Claimed() | changes.ReviewBegan():
            return {}
        case changes.Lapsed(reason) | changes.Failed(reason) | changes.Released(reason, _):
            return {"reason": reason}
