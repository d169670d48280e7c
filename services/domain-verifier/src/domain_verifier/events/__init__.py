"""The bus: domain events out, tenants in."""
