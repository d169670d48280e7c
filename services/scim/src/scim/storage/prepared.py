"""The statements that are prepared on every connection before a process is ready."""

from scim.storage import groups, log_entries, tokens, users

PREPARED_QUERIES = tuple(
    query.sql
    for query in (
        *users.QUERIES.values(),
        *groups.QUERIES.values(),
        tokens.QUERIES["find_grant"],
        tokens.QUERIES["mark_tokens_used"],
        log_entries.QUERIES["insert_entries"],
    )
)
"""Everything that a request may run."""
