"""The pool of connections, with everything prepared that a request may run."""

from collections.abc import Sequence
from urllib.parse import urlencode, urlsplit, urlunsplit

import asyncpg

from chassis.database import create_pool
from scim.storage import groups, log_entries, tokens, users

# A plan is kept for long. One that was made while the tables were small, or whose statistics are
# older than an initial cycle of 100,000 users, would read whole tables; ours all have their index.
_PLANNER = {"enable_seqscan": "off"}


async def open_pool(dsn: str, *, size: int, warm: bool = False) -> asyncpg.Pool:
    """Open the pool; `warm` prepares the statements of requests on every connection."""
    url = urlsplit(dsn)
    query = "&".join(filter(None, [url.query, urlencode(_PLANNER)]))
    statements = hot_statements() if warm else ()
    return await create_pool(urlunsplit(url._replace(query=query)), size=size, warm=statements)


def hot_statements() -> Sequence[str]:
    """Return the SQL of everything that a request may run."""
    return [
        query.sql
        for query in (
            *users.QUERIES.values(),
            *groups.QUERIES.values(),
            tokens.QUERIES["find_grant"],
            tokens.QUERIES["mark_tokens_used"],
            log_entries.QUERIES["insert_entries"],
        )
    ]
