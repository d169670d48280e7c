"""Says in good time that certificates end, which admins must replace by hand."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol, cast, get_args
from uuid import UUID

import structlog

from chassis.clock import Clock
from chassis.loops import beat
from chassis.retry import every

Days = Literal[60, 30, 7, 0]
DAYS: Sequence[Days] = cast("Sequence[Days]", get_args(Days))
"""Within so many days is it said; 0: when it is over."""
LOOK_SECONDS = 600.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Expiring:
    """A connection whose last certificate ends."""

    tenant_id: UUID
    connection_id: UUID
    ends_at: datetime
    days_left: Days


class Certificates(Protocol):
    """When the certificates of connections end, and what was said of that."""

    async def tell(self, now: datetime) -> Sequence[Expiring]:
        """Say of some what was not said yet, and return them."""
        ...


@dataclass(frozen=True, slots=True)
class WarnOfCertificates:
    """Says it of every connection, once for each of the days."""

    certificates: Certificates
    clock: Clock
    failures: tuple[type[Exception], ...] = ()
    """What storage raises while it is away."""

    async def run(self) -> None:
        """Do it for ever, as the worker's loop; while the database is away, the next look does."""
        async for _ in every(LOOK_SECONDS, beats=True):
            try:
                while await self():
                    beat()
            except self.failures as error:
                log.error("certificates.look_stopped", error=repr(error))

    async def __call__(self) -> int:
        """Say it of some, and return how many they were."""
        told = await self.certificates.tell(self.clock.now())
        for each in told:
            log.warning(
                "connection.certificate_expiring",
                tenant_id=str(each.tenant_id),
                connection_id=str(each.connection_id),
                ends_at=each.ends_at.isoformat(),
                days_left=each.days_left,
            )
        return len(told)
