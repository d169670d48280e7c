"""What became of sessions, and what becomes of connections, as events of the bus."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from uuid import UUID

from chassis.outbox import OutboxRecord, outbox_record
from contracts.sso import (
    MAX_SESSIONS_PER_EVENT,
    RevokedSession,
    SsoConnectionCertificateExpiring,
    SsoSessionRevoked,
)
from sso.domain.ending import EndedSession, Ending
from sso.usecases.certificates import Expiring


def revoked(ended: Sequence[EndedSession], ending: Ending) -> Sequence[OutboxRecord]:
    """Return the outbox rows for sessions that ended by one cause, so many in each."""
    by_tenant = sorted(ended, key=_tenant)
    return [
        _record(tenant_id, some, ending)
        for tenant_id, all_of_it in groupby(by_tenant, key=_tenant)
        for some in _in_parts(list(all_of_it))
    ]


def expiring(found: Sequence[Expiring], now: datetime) -> Sequence[OutboxRecord]:
    """Return the outbox rows for connections whose certificates end."""
    return [
        outbox_record(
            "sso.connection.certificate_expiring.v1",
            tenant_id=each.tenant_id,
            subject=str(each.connection_id),
            data=SsoConnectionCertificateExpiring(
                connection_id=each.connection_id,
                ends_at=each.ends_at,
                days_left=each.days_left,
            ),
            now=now,
        )
        for each in found
    ]


def _record(tenant_id: UUID, ended: Sequence[EndedSession], ending: Ending) -> OutboxRecord:
    users = {session.user_id for session in ended}
    return outbox_record(
        "sso.session.revoked.v1",
        tenant_id=tenant_id,
        subject=str(users.pop() if len(users) == 1 else tenant_id),
        data=SsoSessionRevoked(
            sessions=[
                RevokedSession(session_id=session.session_id, user_id=session.user_id)
                for session in ended
            ],
            reason=ending.reason.value,
        ),
        now=ending.at,
    )


def _in_parts(ended: Sequence[EndedSession]) -> Iterator[Sequence[EndedSession]]:
    for first in range(0, len(ended), MAX_SESSIONS_PER_EVENT):
        yield ended[first : first + MAX_SESSIONS_PER_EVENT]


def _tenant(session: EndedSession) -> UUID:
    return session.tenant_id
