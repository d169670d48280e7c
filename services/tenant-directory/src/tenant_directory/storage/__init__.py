"""The directory in PostgreSQL: adapters of the use cases' ports on one connection."""

APPEND_ONLY = ("audit_log",)
"""Tables that the serving role may only read and add to."""
