"""What the handlers of all topics share."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import TypeVar

import asyncpg

from chassis.inbox import Handler, Rejected
from contracts.base import Contract
from contracts.event import Event
from kernel.errors import DomainError
from tenant_directory.usecases.use_cases import EventUseCases

UseCasesIn = Callable[[asyncpg.Connection], EventUseCases]
"""Makes the use cases inside the connection's open transaction."""

C = TypeVar("C", bound=Contract)


def data_of(event: Event, model: type[C]) -> C:
    """Return the event's data if it is of the model; an event of other data is parked."""
    if not isinstance(event.data, model):
        raise wrong_data(event)
    return event.data


def wrong_data(event: Event) -> Rejected:
    """Return what parks an event whose data is not of its type."""
    return Rejected(f"Event {event.id} of type {event.type} carries data of another type.")


def refusals_rejected(handlers: Mapping[str, Handler]) -> Mapping[str, Handler]:
    """Return the handlers with a rule's refusal raised as what parks an event."""
    return {name: _refusals_rejected(handler) for name, handler in handlers.items()}


def _refusals_rejected(handler: Handler) -> Handler:
    @wraps(handler)
    async def handle(event: Event, connection: asyncpg.Connection) -> None:
        try:
            await handler(event, connection)
        except DomainError as error:
            raise Rejected(error.sentence) from error

    return handle
