"""The pool of connections, with everything prepared that a request may run."""

from urllib.parse import urlencode, urlsplit, urlunsplit

import asyncpg

from chassis.database import create_pool
from scim.storage.prepared import PREPARED_QUERIES

# A plan is kept for long. One that was made while the tables were small, or whose statistics are
# older than an initial cycle of 100,000 users, would read whole tables; ours all have their index.
_PLANNER = {"enable_seqscan": "off"}


async def open_pool(dsn: str, *, size: int, warm: bool = False) -> asyncpg.Pool:
    """Open the pool; `warm` prepares the statements of requests on every connection."""
    url = urlsplit(dsn)
    query = "&".join(filter(None, [url.query, urlencode(_PLANNER)]))
    statements = PREPARED_QUERIES if warm else ()
    return await create_pool(urlunsplit(url._replace(query=query)), size=size, warm=statements)
