"""PostgreSQL adapters of the SCIM service's ports."""
