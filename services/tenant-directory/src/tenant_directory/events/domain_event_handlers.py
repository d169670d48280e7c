"""The handlers of `domain-events`: every event becomes one entry of the audit log.

The directory keeps no domains. What an entry shows is picked by name, so that nothing that the
events may carry some day comes into the audit log unasked.
"""

import asyncpg

from chassis.inbox import Handler
from contracts import domain
from contracts.event import Event
from tenant_directory.domain.changes import DomainChanged
from tenant_directory.events.handler import UseCasesIn, data_of


class DomainEventHandlers:
    """Makes the handlers."""

    def __init__(self, use_cases_in: UseCasesIn) -> None:
        self._use_cases_in = use_cases_in

    def recording(self, model: type[domain.DomainEvent], *shown: str) -> Handler:
        """Return a handler that records an event with the named fields, as far as it has them."""

        async def record(event: Event, connection: asyncpg.Connection) -> None:
            data = data_of(event, model)
            change = DomainChanged(
                action=event.type.removesuffix(".v1"),
                domain=data.claim.domain,
                claim_id=data.claim.claim_id,
                details=data.model_dump(mode="json", include=set(shown), exclude_none=True),
            )
            use_cases = self._use_cases_in(connection)
            await use_cases.record_domain_change(event.tenant_id, change)

        return record
