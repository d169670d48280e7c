"""PostgreSQL adapters of the SCIM service's ports."""

PROJECTIONS = ("tenants",)
"""What of other services' state the chassis keeps in this service's database."""
