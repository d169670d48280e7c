"""Copies of what other services say on state topics, kept once for every service that needs them.

A service opts in: its `storage/__init__.py` names the copy in `PROJECTIONS`, which brings the
tables, and its wiring subscribes.
"""

from chassis.projection.tenants import KnownTenants, tenant_subscription

__all__ = ["KnownTenants", "tenant_subscription"]
