"""Events on their way in: applied once, in each tenant's order, or parked."""

from chassis.inbox.consumer import Consumer
from chassis.inbox.subscription import (
    BatchHandlers,
    Handler,
    Handlers,
    Rejected,
    Subscription,
)

__all__ = [
    "BatchHandlers",
    "Consumer",
    "Handler",
    "Handlers",
    "Rejected",
    "Subscription",
]
