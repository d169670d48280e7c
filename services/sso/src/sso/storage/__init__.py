"""PostgreSQL adapters of the sign-on service's ports."""

PROJECTIONS = ("tenants",)
"""What of other services' state the chassis keeps in this service's database."""
