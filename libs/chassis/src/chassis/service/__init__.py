"""A service as a process: started, stopped, ready."""

from chassis.service.readiness import broker_checks, database_checks
from chassis.service.service import Mode, Parts, Service, service_cli

__all__ = [
    "Mode",
    "Parts",
    "Service",
    "broker_checks",
    "database_checks",
    "service_cli",
]
