"""Claims, checks and tenants in PostgreSQL."""
