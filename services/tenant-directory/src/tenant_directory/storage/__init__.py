"""The directory in PostgreSQL: adapters of the use cases' ports on one connection."""
