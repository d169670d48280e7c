"""Gauges that are read from the database."""

import asyncpg
from prometheus_client import Gauge

from chassis.observe import Poll
from sso.storage.certificates import count_expiring
from sso.usecases.certificates import DAYS

CERTIFICATES_EXPIRING = Gauge(
    "sso_certificates_expiring",
    "Active connections whose last certificate ends within so many days; 0: has ended",
    ["days_left"],
)


def certificates_poll(pool: asyncpg.Pool) -> Poll:
    """Return the poll of `sso_certificates_expiring`."""

    async def read() -> None:
        counted = await count_expiring(pool)
        for days in DAYS:
            CERTIFICATES_EXPIRING.labels(days).set(counted.get(days, 0))

    return Poll("certificates", read)
