"""A service as a process: put together, started, stopped, ready."""

from chassis.service.on_the_bus import on_the_bus
from chassis.service.parts import Mode, Parts
from chassis.service.retention import retention
from chassis.service.service import Service, service_cli

__all__ = [
    "Mode",
    "Parts",
    "Service",
    "on_the_bus",
    "retention",
    "service_cli",
]
