"""Stand-ins for tests: each passes the same conformance suite as what it stands in for."""

from chassis.testing.clock import FixedClock
from chassis.testing.local_broker import LocalBroker

__all__ = [
    "FixedClock",
    "LocalBroker",
]
