"""The statements that are prepared on every connection before a process is ready."""

from domain_verifier.storage.claims import QUERIES

PREPARED_QUERIES = (QUERIES["lease_due_claims"].sql, QUERIES["save_check"].sql)
"""What each re-check runs."""
