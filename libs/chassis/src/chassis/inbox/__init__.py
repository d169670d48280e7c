"""Events on their way in: applied once, in each tenant's order, or parked."""

from chassis.inbox.consumer import Consumer
from chassis.inbox.deleted_versions import DeletedVersions
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
    "DeletedVersions",
    "Handler",
    "Handlers",
    "Rejected",
    "Subscription",
]
