"""What becomes of a check's result: saved, yielded to another holder, or dropped."""

import asyncpg
import orjson

from chassis.database import load_queries, transaction
from chassis.ids import uuid7
from domain_verifier.domain.claim import Claim
from domain_verifier.storage.claim_writer import Writer
from domain_verifier.storage.rows import looks_of, mutable_values
from domain_verifier.usecases.ports import Settled, Settlement

QUERIES = load_queries("domain_verifier.storage", "claims")


async def settle(pool: asyncpg.Pool, writer: Writer, settlement: Settlement) -> Settled:
    """Write a check's result and give the lease back."""
    lease, after = settlement.lease, settlement.step.claim
    if lease.claim.state is after.state and not settlement.step.changes:
        saved = await _save_check(pool, settlement, after)
        settled = Settled.SAVED if saved else Settled.LOST
    else:
        settled = await _settle_change(pool, writer, settlement)
    if settled is Settled.LOST:
        await pool.execute(QUERIES["return_lease"], after.tenant_id, after.claim_id, lease.lease_id)
    return settled


async def _settle_change(pool: asyncpg.Pool, writer: Writer, settlement: Settlement) -> Settled:
    claim = settlement.step.claim
    async with transaction(pool) as connection:
        await connection.fetchval(QUERIES["lock_domain"], claim.domain.ascii)
        try:
            async with connection.transaction():
                if not await _save_check(connection, settlement, claim):
                    return Settled.LOST
        except asyncpg.UniqueViolationError as error:
            if error.constraint_name != "claims_one_holder":
                raise
            return await _yield_to_holder(connection, writer, settlement)
        await writer.tell(connection, settlement.step, settlement.now)
        await writer.pass_on(connection, settlement.lease.claim, claim, settlement.now)
    return Settled.SAVED


async def _yield_to_holder(
    connection: asyncpg.Connection, writer: Writer, settlement: Settlement
) -> Settled:
    claim = settlement.if_taken.claim
    if not await _save_check(connection, settlement, claim):
        return Settled.LOST
    await writer.tell(connection, settlement.if_taken, settlement.now)
    await connection.execute(
        QUERIES["contest_holder"], claim.domain.ascii, claim.tenant_id, settlement.now
    )
    return Settled.TAKEN


async def _save_check(
    connection: "asyncpg.Connection | asyncpg.Pool",
    settlement: Settlement,
    claim: Claim,
) -> bool:
    evidence = settlement.evidence
    check_id = await connection.fetchval(
        QUERIES["settle_check"],
        claim.tenant_id,
        claim.claim_id,
        settlement.lease.lease_id,
        *mutable_values(claim),
        uuid7(),
        evidence.authenticated,
        orjson.dumps(looks_of(evidence)).decode(),
        settlement.lease.claim.next_check_at,
        settlement.lease.revision,
        evidence.explanation,
    )
    return check_id is not None
