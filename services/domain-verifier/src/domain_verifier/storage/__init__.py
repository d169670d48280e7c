"""Claims and checks in PostgreSQL."""

PROJECTIONS = ("tenants",)
"""What of other services' state the chassis keeps in this service's database."""
