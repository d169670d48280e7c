"""What a service wants from a topic: a handler for each type, and how a handler refuses."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

import asyncpg

from chassis.bus import ReceivedRecord
from contracts.event import Event
from contracts.topics import Topic
from kernel.errors import InvalidError

Handler = Callable[[Event, asyncpg.Connection], Awaitable[None]]
"""Applies an event in the consumer's transaction, with `chassis.context` bound.

It may run again after a rollback, so it must do nothing but write through the connection. A
`kernel.errors.DomainError` that it raises parks the event (as a dead letter) without a retry; one
that passes by itself (`UnavailableError`, `TooManyRequestsError`) is an outage: the partition
waits, and tries again for as long as it takes.
"""

Handlers = Mapping[str, Handler]
"""A handler for each type of event."""

BatchHandlers = Callable[
    [Sequence[Event], asyncpg.Connection], AbstractAsyncContextManager[Handlers]
]
"""Lends the handlers for many events of one transaction, which get these events in this order.

What the events are about may be read in one go before the first and written in one go after the
last; in between each handler decides on one event as if those before it had been written. An error
undoes all of it, and the events go to the single handlers one by one.
"""


PassesOver = Callable[[ReceivedRecord], bool]
"""Tells from the record as it came whether applying it would change nothing at all, as that of a
state which is somebody else's business. Such a record costs no transaction, and no decoding."""


class Rejected(InvalidError):
    """The event contradicts itself, so it can never be applied."""

    def __init__(self, sentence: str) -> None:
        super().__init__("event-rejected", sentence)


@dataclass(frozen=True, slots=True)
class Subscription:
    """A topic and what is done with each type on it; a type that is in neither is parked."""

    topic: Topic
    handlers: Handlers
    ignored: frozenset[str] = frozenset()
    batch: BatchHandlers | None = None
    """Applies several events as sets, with the same result as the handlers one by one."""
    passes_over: PassesOver | None = None
    """For state topics alone: an event must be applied, or its number would be missing."""

    def __post_init__(self) -> None:
        """Refuse what would lose events."""
        if self.passes_over is not None and self.topic.kind != "state":
            raise ValueError(
                f"{self.topic.name} is numbered: none of its events may be passed over"
            )
