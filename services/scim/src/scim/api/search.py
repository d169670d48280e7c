"""Queries that come as a body: POST `/.search` (RFC 7644 §3.4.3)."""

from typing import Any

from scim.api.request import Handler, ScimRequest
from scim.api.responses import NotSupported, ScimResponse
from scim.domain.errors import invalid_syntax, invalid_value
from scim.protocol.normalise import check_schemas
from scim.protocol.tolerances import Reading

_URN = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
_LISTS = frozenset({"attributes", "excludedattributes"})
_KNOWN = _LISTS | {"filter", "startindex", "count"}


def search_by_body(list_resources: Handler) -> Handler:
    """Return a handler that reads the query parameters from the body and then lists."""

    async def search(request: ScimRequest) -> ScimResponse:
        body = request.json()
        if not isinstance(body, dict):
            raise invalid_syntax("The body must be a JSON object: a SearchRequest.")
        check_schemas(body, _URN, Reading("find", strict=request.strict))
        given = {name.lower(): value for name, value in body.items() if value is not None}
        request.query = {name: _parameter(name, given[name]) for name in given.keys() & _KNOWN}
        return await list_resources(request)

    return search


async def refuse_mixed_search(_request: ScimRequest) -> ScimResponse:
    """Refuse a search over all resource types."""
    raise NotSupported("Search at /Users/.search or /Groups/.search, one at a time.")


def _parameter(name: str, value: Any) -> str:
    if name in _LISTS and isinstance(value, list):
        if not all(isinstance(each, str) for each in value):
            raise invalid_value(f"{name} must be a list of names.")
        return ",".join(value)
    if isinstance(value, dict | list):
        raise invalid_value(f"{name} must be a single value.")
    return str(value)
