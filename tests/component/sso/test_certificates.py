"""Certificates of identity providers that end are told of in good time, once for each day."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from chassis.database import DATABASE_FAILURES
from chassis.outbox import OutboxSignal
from component.sso.harness import IDP, IDP_SSO, SignOn, request_id_of
from contracts.sso import SsoConnectionCertificateExpiring
from sso.events.outgoing import expiring
from sso.storage.certificates import PostgresCertificates
from sso.storage.gauges import CERTIFICATES_EXPIRING, certificates_poll
from sso.usecases.certificates import WarnOfCertificates
from support.identity_provider import key, metadata

END = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=1095)
"""Of every certificate that the tests make."""


class At:
    """A clock that shows what it is told."""

    def __init__(self, days_before: float) -> None:
        self.before = timedelta(days=days_before)

    def now(self) -> datetime:
        return END - self.before


@pytest.fixture
def at() -> At:
    return At(61)


@pytest.fixture
def warn(sso: SignOn, at: At) -> WarnOfCertificates:
    certificates = PostgresCertificates(sso.pool, expiring, OutboxSignal().notify)
    return WarnOfCertificates(certificates, at, DATABASE_FAILURES)


async def told(sso: SignOn) -> list[int]:
    """Return the days of each event, in order."""
    rows = await sso.pool.fetch(
        "SELECT data, subject FROM outbox"
        " WHERE type = 'sso.connection.certificate_expiring.v1' ORDER BY id"
    )
    events = [SsoConnectionCertificateExpiring.model_validate_json(row["data"]) for row in rows]
    assert {each.connection_id for each in events} <= {sso.connection.id}
    assert {each.ends_at for each in events} <= {END}
    assert {row["subject"] for row in rows} <= {str(sso.connection.id)}
    return [each.days_left for each in events]


async def test_each_of_the_days_is_told_once(sso: SignOn, warn: WarnOfCertificates, at: At) -> None:
    seen = []
    for days in (61, 60, 59, 31, 30, 8, 6.5, 1, 0, -1, -400):
        at.before = timedelta(days=days)
        await warn()
        assert await warn() == 0
        seen.append(await told(sso))
    assert seen[:5] == [[], [60], [60], [60], [60, 30]]
    assert seen[5:] == [[60, 30], *[[60, 30, 7]] * 2, *[[60, 30, 7, 0]] * 3]


async def test_after_a_long_pause_only_the_nearest_is_told(
    sso: SignOn, warn: WarnOfCertificates, at: At
) -> None:
    at.before = timedelta(days=3)
    await warn()
    assert await told(sso) == [7]


async def test_other_certificates_are_told_of_anew(
    sso: SignOn, warn: WarnOfCertificates, at: At
) -> None:
    at.before = timedelta(days=50)
    await warn()
    user = await sso.add_user("ann@corp.example")
    fresh = metadata(IDP, IDP_SSO, key("lasting", days=2_000))
    connection = await sso.use_cases.set_metadata(sso.connection, fresh)
    request_id = request_id_of(await sso.use_cases.test_connection(connection))
    response = sso.response(request_id, user.user_name)
    tested = await sso.answer(sso.browser(), response, key("lasting", days=2_000))
    assert tested.status_code == 200
    assert await warn() == 0  # What people sign in by is still the old one.
    await sso.use_cases.activate_connection(connection)
    at.before = timedelta(days=0)
    assert await warn() == 0
    await sso.use_cases.undo_activation(connection)
    assert await warn() == 1
    assert await told(sso) == [60, 0]


async def test_nobody_is_told_of_a_connection_that_lets_nobody_in(
    sso: SignOn, warn: WarnOfCertificates, at: At
) -> None:
    await sso.use_cases.suspend_connection(sso.connection)
    at.before = timedelta(days=1)
    assert await warn() == 0


async def test_two_workers_tell_it_once(sso: SignOn, warn: WarnOfCertificates, at: At) -> None:
    at.before = timedelta(days=20)
    assert sum(await asyncio.gather(*(warn() for _ in range(5)))) == 1
    assert await told(sso) == [30]


async def test_a_gauge_counts_them(sso: SignOn, warn: WarnOfCertificates, at: At) -> None:
    poll = certificates_poll(sso.pool)

    async def read() -> dict[str, float]:
        await poll.read()
        [metric] = CERTIFICATES_EXPIRING.collect()
        return {each.labels["days_left"]: each.value for each in metric.samples}

    assert await read() == {"60": 0, "30": 0, "7": 0, "0": 0}
    at.before = timedelta(days=5)
    await warn()
    assert await read() == {"60": 0, "30": 0, "7": 1, "0": 0}
