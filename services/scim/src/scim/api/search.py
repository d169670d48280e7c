"""Queries that come as a body: POST `/.search` (RFC 7644 §3.4.3)."""

from typing import Any

from scim.api.answers import Answer, NotImplementedHere
from scim.api.asked import Asked, Handler
from scim.domain.errors import invalid_syntax, invalid_value

_LISTS = frozenset({"attributes", "excludedattributes"})


def as_list(answer_list: Handler) -> Handler:
    """Return a handler that reads the query from the body and then answers a list."""

    async def search(asked: Asked) -> Answer:
        body = asked.json()
        if not isinstance(body, dict):
            raise invalid_syntax("The body must be a JSON object: a SearchRequest.")
        given = {name.lower(): value for name, value in body.items() if value is not None}
        asked.query = {name: _parameter(name, given[name]) for name in given}
        return await answer_list(asked)

    return search


async def refuse_mixed_search(_asked: Asked) -> Answer:
    """Say that a search goes through one resource type at a time."""
    raise NotImplementedHere("Search at /Users/.search or /Groups/.search, one at a time.")


def _parameter(name: str, value: Any) -> str:
    if name in _LISTS and isinstance(value, list):
        return ",".join(str(each) for each in value)
    if isinstance(value, dict | list) and name in _LISTS | {"filter", "startindex", "count"}:
        raise invalid_value(f"{name} must be a single value.")
    return str(value)
