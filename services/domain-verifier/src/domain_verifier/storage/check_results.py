"""What becomes of a check's result: saved, yielded to another holder, or dropped."""

import asyncpg
import orjson

from chassis.database import load_queries, transaction
from chassis.ids import uuid7
from domain_verifier.domain.claim import Claim
from domain_verifier.storage.claim_writer import Writer
from domain_verifier.storage.rows import mutable_values, observations_of
from domain_verifier.usecases.ports import CheckResult, SaveOutcome

QUERIES = load_queries("domain_verifier.storage", "claims")


async def save_check(pool: asyncpg.Pool, writer: Writer, result: CheckResult) -> SaveOutcome:
    """Save a check's result and give the lease back."""
    lease, after = result.lease, result.transition.claim
    if lease.claim.state is after.state and not result.transition.changes:
        saved = await _save_check(pool, result, after)
        save_outcome = SaveOutcome.SAVED if saved else SaveOutcome.DROPPED
    else:
        save_outcome = await _save_transition(pool, writer, result)
    if save_outcome is SaveOutcome.DROPPED:
        await pool.execute(QUERIES["return_lease"], after.tenant_id, after.claim_id, lease.lease_id)
    return save_outcome


async def _save_transition(pool: asyncpg.Pool, writer: Writer, result: CheckResult) -> SaveOutcome:
    claim = result.transition.claim
    async with transaction(pool) as connection:
        await connection.fetchval(QUERIES["lock_domain"], claim.domain.ascii)
        try:
            async with connection.transaction():
                if not await _save_check(connection, result, claim):
                    return SaveOutcome.DROPPED
        except asyncpg.UniqueViolationError as error:
            if error.constraint_name != "claims_one_holder":
                raise
            return await _save_under_review(connection, writer, result)
        await writer.record(connection, result.transition, result.now)
        await writer.notify_affected(connection, result.lease.claim, claim, result.now)
    return SaveOutcome.SAVED


async def _save_under_review(
    connection: asyncpg.Connection, writer: Writer, result: CheckResult
) -> SaveOutcome:
    claim = result.if_held.claim
    if not await _save_check(connection, result, claim):
        return SaveOutcome.DROPPED
    await writer.record(connection, result.if_held, result.now)
    await connection.execute(
        QUERIES["contest_holder"], claim.domain.ascii, claim.tenant_id, result.now
    )
    return SaveOutcome.DOMAIN_HELD


async def _save_check(
    connection: "asyncpg.Connection | asyncpg.Pool",
    result: CheckResult,
    claim: Claim,
) -> bool:
    evidence = result.evidence
    check_id = await connection.fetchval(
        QUERIES["settle_check"],
        claim.tenant_id,
        claim.claim_id,
        result.lease.lease_id,
        *mutable_values(claim),
        uuid7(),
        evidence.authenticated,
        orjson.dumps(observations_of(evidence)).decode(),
        result.lease.claim.next_check_at,
        result.lease.revision,
        evidence.explanation,
    )
    return check_id is not None
