"""Saves a check's result: as it is, as under review behind another holder, or not at all."""

import asyncpg
import orjson

from chassis.database import read_queries, transaction
from chassis.ids import uuid7
from domain_verifier.domain.claim import Claim
from domain_verifier.storage.claim_writer import Writer
from domain_verifier.storage.rows import changing_values, observations_of
from domain_verifier.usecases.ports import SaveOutcome, UnsavedCheck

QUERIES = read_queries("domain_verifier.storage", "claims")


async def save_check(pool: asyncpg.Pool, writer: Writer, result: UnsavedCheck) -> SaveOutcome:
    """Save a check's result and give the lease back."""
    lease, after = result.lease, result.transition.claim
    if lease.claim.state is after.state and not result.transition.changes:
        saved = await _save_claim_and_check(pool, result, after)
        outcome = SaveOutcome.SAVED if saved else SaveOutcome.DROPPED
    else:
        outcome = await _save_transition(pool, writer, result)
    if outcome is SaveOutcome.DROPPED:
        await pool.execute(
            *QUERIES["return_lease"](
                tenant_id=after.tenant_id, claim_id=after.claim_id, lease_id=lease.lease_id
            )
        )
    return outcome


async def _save_transition(pool: asyncpg.Pool, writer: Writer, result: UnsavedCheck) -> SaveOutcome:
    claim = result.transition.claim
    async with transaction(pool) as connection:
        await connection.execute(*QUERIES["lock_domain"](domain=claim.domain.ascii))
        try:
            async with connection.transaction():
                if not await _save_claim_and_check(connection, result, claim):
                    return SaveOutcome.DROPPED
        except asyncpg.UniqueViolationError as error:
            if error.constraint_name != "claims_one_holder":
                raise
            return await _save_under_review(connection, writer, result)
        await writer.record(connection, result.transition, result.now)
    return SaveOutcome.SAVED


async def _save_under_review(
    connection: asyncpg.Connection, writer: Writer, result: UnsavedCheck
) -> SaveOutcome:
    claim = result.if_held.claim
    if not await _save_claim_and_check(connection, result, claim):
        return SaveOutcome.DROPPED
    await writer.record(connection, result.if_held, result.now)
    await connection.execute(
        *QUERIES["schedule_holder_check"](
            domain=claim.domain.ascii, tenant_id=claim.tenant_id, now=result.now
        )
    )
    return SaveOutcome.DOMAIN_HELD


async def _save_claim_and_check(
    database: asyncpg.Connection | asyncpg.Pool, result: UnsavedCheck, claim: Claim
) -> bool:
    lease, evidence = result.lease, result.evidence
    check_id = await database.fetchval(
        *QUERIES["save_check"](
            tenant_id=claim.tenant_id,
            claim_id=claim.claim_id,
            **changing_values(claim),
            lease_id=lease.lease_id,
            revision=lease.revision,
            planned_check_at=lease.claim.next_check_at,
            check_id=uuid7(),
            evidence_explanation=evidence.explanation,
            evidence_authenticated=evidence.authenticated,
            observations=orjson.dumps(observations_of(evidence)).decode(),
        )
    )
    return check_id is not None
