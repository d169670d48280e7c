"""Requests to addresses that customers give us: to the public internet alone, bounded in all."""

from chassis.outbound.client import Answer, OutboundClient
from chassis.outbound.errors import OutboundError, Problem
from chassis.outbound.resolving import Rules

__all__ = ["Answer", "OutboundClient", "OutboundError", "Problem", "Rules"]
