"""The statements of requests, to be prepared on every connection before the first request."""

from collections.abc import Sequence

from scim.storage import entries, groups, tokens, users


def hot_statements() -> Sequence[str]:
    """Return the SQL of everything that a request may run."""
    return [
        *users.QUERIES.values(),
        *groups.QUERIES.values(),
        tokens.QUERIES["find_grant"],
        tokens.QUERIES["mark_tokens_used"],
        entries.QUERIES["insert_entries"],
    ]
