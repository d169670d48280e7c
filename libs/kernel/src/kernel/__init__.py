"""The rules that every service shares: kinds of errors, names, tenants. Standard library only."""
