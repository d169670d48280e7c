"""Events on their way in: applied once, in each tenant's order, or parked."""

from chassis.inbox.consumer import Consumer
from chassis.inbox.subscription import Handler, Rejected, Subscription

__all__ = [
    "Consumer",
    "Handler",
    "Rejected",
    "Subscription",
]
