"""What a service wants from a topic: a handler for each type, and what a handler may say."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import asyncpg

from contracts.event import Event
from contracts.topics import Topic

Handler = Callable[[Event, asyncpg.Connection], Awaitable[None]]
"""Applies an event in the consumer's transaction, with `chassis.context` bound.

It may run again after a rollback, so it must do nothing but write through the connection.
"""


class Rejected(Exception):
    """Raised by a handler: this event can never be applied, so park it without another attempt."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """A topic and what is done with each type on it; a type that is in neither is parked."""

    topic: Topic
    handlers: Mapping[str, Handler]
    ignored: frozenset[str] = frozenset()
