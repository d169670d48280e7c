"""Every event of `domain-events` becomes one row of the tenant's audit log, on a real database."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from chassis import context
from chassis.database import transaction
from chassis.ids import uuid7
from chassis.inbox import Rejected
from conformance.tenant_directory.harness import Harness, SteadyClock
from contracts import domain, scim
from contracts.base import Contract
from contracts.event import Event
from contracts.graph import types_on
from contracts.topics import DOMAIN_EVENTS
from kernel.errors import NotFoundError
from tenant_directory.domain.audit import AuditRecord
from tenant_directory.domain.tenant import Tenant
from tenant_directory.wiring import event_subscriptions

CLOCK = SteadyClock()
_, SUBSCRIPTION = event_subscriptions(CLOCK)
UNTIL = datetime(2026, 12, 24, 18, tzinfo=UTC)


def claim(state: str) -> domain.DomainClaim:
    return domain.DomainClaim(
        claim_id=UUID(int=7),
        domain="mail.xn--bcher-kva.example",
        registrable_domain="xn--bcher-kva.example",
        state=state,
    )


CASES: list[tuple[str, Contract, dict[str, Any]]] = [
    (
        "claimed",
        domain.DomainClaimed(claim=claim("pending"), expires_at=UNTIL),
        {"expires_at": "2026-12-24T18:00:00Z"},
    ),
    (
        "verified",
        domain.DomainVerified(claim=claim("verified"), method="dns", authenticated=True),
        {"method": "dns", "recovered": False, "authenticated": True},
    ),
    (
        "verified",
        domain.DomainVerified(
            claim=claim("verified"),
            method="override",
            override_until=UNTIL,
            actor="olga",
            approved_by="omar",
            reason="ticket 12",
        ),
        {
            "method": "override",
            "recovered": False,
            "authenticated": False,
            "override_until": "2026-12-24T18:00:00Z",
            "actor": "olga",
            "approved_by": "omar",
            "reason": "ticket 12",
        },
    ),
    (
        "grace",
        domain.DomainGrace(
            claim=claim("grace"), grace_ends_at=UNTIL, warning=2, reason="no_record"
        ),
        {"grace_ends_at": "2026-12-24T18:00:00Z", "warning": 2, "reason": "no_record"},
    ),
    (
        "lapsed",
        domain.DomainLapsed(claim=claim("lapsed"), reason="no_record"),
        {"reason": "no_record"},
    ),
    (
        "failed",
        domain.DomainFailed(claim=claim("failed"), reason="wrong_value"),
        {"reason": "wrong_value"},
    ),
    (
        "released",
        domain.DomainReleased(claim=claim("released"), reason="sold", actor="ann"),
        {"reason": "sold", "actor": "ann"},
    ),
]


async def handle(pool: asyncpg.Pool, tenant_id: UUID, kind: str, data: Contract) -> None:
    """Handle one event as the consumer does."""
    event = Event(
        id=uuid7(),
        type=kind,
        source="/services/domain-verifier",
        subject=str(uuid7()),
        time=CLOCK.now(),
        tenant_id=tenant_id,
        data=data,
    )
    with context.bind(context.Context(correlation_id="c-1", tenant_id=str(tenant_id))):
        async with transaction(pool) as connection:
            await SUBSCRIPTION.handlers[kind](event, connection)


async def audited(directory: Harness, tenant: Tenant) -> list[AuditRecord]:
    """Return the tenant's audit rows about domains, oldest first."""
    async with directory.uow() as work:
        page = await work.change_log.page(tenant.tenant_id, before=None, limit=100)
    return [record for record in reversed(page) if record.action.startswith("domain.")]


def test_every_domain_event_has_a_handler() -> None:
    assert set(SUBSCRIPTION.handlers) == types_on(DOMAIN_EVENTS)
    assert {f"domain.{name}.v1" for name, _, _ in CASES} == types_on(DOMAIN_EVENTS)


@pytest.mark.parametrize(("name", "data", "details"), CASES)
async def test_a_domain_event_is_one_audit_row_and_is_not_published(
    directory: Harness, pool: asyncpg.Pool, name: str, data: Contract, details: dict[str, Any]
) -> None:
    tenant = await directory.tenant()
    other = await directory.tenant("other")
    published = len(await directory.published())

    await handle(pool, tenant.tenant_id, f"domain.{name}.v1", data)

    [record] = await audited(directory, tenant)
    assert (record.actor, record.action) == ("domain-verifier", f"domain.{name}")
    assert record.subject == "mail.xn--bcher-kva.example"
    assert record.details == {"claim_id": str(UUID(int=7)), **details}
    assert record.correlation_id == "c-1"
    assert await audited(directory, other) == []
    assert await directory.published(since=published) == []


async def test_an_event_of_an_unknown_tenant_is_rejected(
    directory: Harness, pool: asyncpg.Pool
) -> None:
    tenant = await directory.tenant()
    lapsed = domain.DomainLapsed(claim=claim("lapsed"), reason="no_record")

    with pytest.raises(NotFoundError, match="knows no tenant"):
        await handle(pool, uuid7(), "domain.lapsed.v1", lapsed)

    assert await audited(directory, tenant) == []
    assert await pool.fetchval("SELECT count(*) FROM audit_log WHERE action ~ '^domain'") == 0


async def test_data_of_another_type_is_rejected(directory: Harness, pool: asyncpg.Pool) -> None:
    tenant = await directory.tenant()
    strange = scim.ScimUserDeleted(user_id=uuid7(), user_name="ada@acme.com")

    with pytest.raises(Rejected, match="data of another type"):
        await handle(pool, tenant.tenant_id, "domain.lapsed.v1", strange)
