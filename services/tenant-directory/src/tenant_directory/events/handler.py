"""What the handlers of all topics share."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import TypeVar

import asyncpg

from chassis.inbox import Rejected
from contracts.base import Contract
from contracts.event import Event
from tenant_directory.usecases.ports import Touched
from tenant_directory.usecases.use_cases import EventUseCases

UseCasesIn = Callable[[asyncpg.Connection], EventUseCases]
"""Makes the use cases inside the connection's open transaction."""

BatchUseCasesIn = Callable[
    [asyncpg.Connection, Touched], AbstractAsyncContextManager[EventUseCases]
]
"""Makes use cases that work on what events touch, and writes what became of it in the end."""

C = TypeVar("C", bound=Contract)


def data_of(event: Event, model: type[C]) -> C:
    """Return the event's data if it is of the model; an event of other data is parked."""
    if not isinstance(event.data, model):
        raise wrong_data(event)
    return event.data


def wrong_data(event: Event) -> Rejected:
    """Return what parks an event whose data is not of its type."""
    return Rejected(f"Event {event.id} of type {event.type} carries data of another type.")
