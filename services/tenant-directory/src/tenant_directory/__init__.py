"""The authority on tenants, users, groups and roles."""
