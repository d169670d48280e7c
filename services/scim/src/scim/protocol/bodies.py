"""Response bodies as bytes, spliced around stored documents so that reads parse nothing.

A stored document is a JSON object without `schemas`, `id` and `meta`; those are put around it as
they are, whatever whitespace the database chose for the rest.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from kernel.errors import Kind
from scim.domain.errors import ScimError, invalid_syntax, too_large
from scim.domain.group import Group
from scim.domain.user import ENTERPRISE_URN

MAX_VALUES = 50_000
"""Of a body, counted by what stands between and around them before any of them is read."""
MAX_DEPTH = 32
"""A PATCH of entries of an extension nests seven levels."""

CONTENT_TYPE = "application/scim+json"

_STATUS = {
    Kind.INVALID: 400,
    Kind.UNAUTHENTICATED: 401,
    Kind.FORBIDDEN: 403,
    Kind.NOT_FOUND: 404,
    Kind.CONFLICT: 409,
    Kind.STALE: 412,
    Kind.TOO_LARGE: 413,
    Kind.TOO_MANY_REQUESTS: 429,
    Kind.UNAVAILABLE: 503,
}
_ENTERPRISE_KEY = b'"' + ENTERPRISE_URN.encode() + b'":'
_USER_HEAD = b'{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"id":"'
_ENTERPRISE_HEAD = (
    b'{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","'
    + ENTERPRISE_URN.encode()
    + b'"],"id":"'
)
_GROUP_HEAD = b'{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"id":"'
_META = (
    b',"meta":{"resourceType":"%b","created":%b,"lastModified":%b,"location":%b,'
    b'"version":"W/\\"%d\\""}}'
)
_ERROR_URN = "urn:ietf:params:scim:api:messages:2.0:Error"
LIST_END = b"]}"
_LIST_HEAD = b'{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":%d,'


@dataclass(frozen=True, slots=True)
class Meta:
    """What `meta` tells beside type and location."""

    created: datetime
    modified: datetime
    version: int


def parse_body(raw: bytes) -> object:
    """Read a request body as JSON, unless it has more values or levels than any request needs."""
    if raw.count(b",") > MAX_VALUES:
        raise too_large(f"The body has more than {MAX_VALUES} values; send several requests.")
    openings = raw.count(b"{") + raw.count(b"[")
    if openings > MAX_VALUES:
        raise invalid_syntax(f"The body has more than {MAX_VALUES} lists and objects.")
    try:
        body: object = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise invalid_syntax(f"The body is not valid JSON: {error}.") from error
    if openings > MAX_DEPTH and _is_deeper(body, MAX_DEPTH):
        raise invalid_syntax(f"The body nests deeper than {MAX_DEPTH} levels.")
    return body


def _is_deeper(body: object, most: int) -> bool:
    level = [body]
    for _ in range(most + 1):
        level = [
            inner for each in level for inner in _inside(each) if isinstance(inner, dict | list)
        ]
    return bool(level)


def _inside(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def encode_document(document: dict[str, Any]) -> bytes:
    """Return the bytes in which a document is stored."""
    return orjson.dumps(document)


def location(base_url: str, endpoint: str, id: UUID) -> str:
    """Return the address of a resource; `endpoint` is `Users` or `Groups`."""
    return f"{base_url}/{endpoint}/{id}"


def user_bytes(
    document: bytes,
    *,
    id: UUID,
    base_url: str,
    meta: Meta,
    groups: Mapping[UUID, str] | None = None,
) -> bytes:
    """Return a user as it is served; with the groups it is in when they are given, by name."""
    head = _ENTERPRISE_HEAD if _ENTERPRISE_KEY in document else _USER_HEAD
    name = str(id)
    tail = _meta(b"User", f"{base_url}/Users/{name}", meta)
    told = _groups(groups, base_url) if groups else b""
    return b"".join((head, name.encode(), b'",', document[1:-1], told, tail))


def _groups(groups: Mapping[UUID, str], base_url: str) -> bytes:
    told = [
        {
            "value": str(id),
            "$ref": location(base_url, "Groups", id),
            "display": name,
            "type": "direct",
        }
        for id, name in groups.items()
    ]
    return b',"groups":' + orjson.dumps(told)


def group_bytes(
    group: Group,
    *,
    members: Sequence[UUID] | None,
    base_url: str,
    meta: Meta,
    names: Mapping[UUID, str] | None = None,
) -> bytes:
    """Return a group as it is served; without `members` when None, with their names if given."""
    parts = [
        _GROUP_HEAD,
        str(group.id).encode(),
        b'","displayName":',
        orjson.dumps(group.display_name),
    ]
    if group.external_id is not None:
        parts += (b',"externalId":', orjson.dumps(group.external_id))
    if members is not None:
        users = orjson.dumps(f"{base_url}/Users/")[1:-1].decode()
        rows = [f'{{"value":"{m}","$ref":"{users}{m}","type":"User"}}' for m in members]
        if names:
            rows = [_named(row, names.get(m)) for row, m in zip(rows, members, strict=True)]
        parts += (b',"members":[', ",".join(rows).encode(), b"]")
    parts.append(_meta(b"Group", location(base_url, "Groups", group.id), meta))
    return b"".join(parts)


def _named(row: str, name: str | None) -> str:
    return row if name is None else f'{row[:-1]},"display":{orjson.dumps(name).decode()}}}'


def list_bytes(resources: Sequence[bytes], *, total: int, start_index: int) -> bytes:
    """Return a ListResponse; `Resources` is there even when it is empty."""
    head = list_head(total=total, start_index=start_index, count=len(resources))
    return b"".join((head, b",".join(resources), LIST_END))


def list_head(*, total: int, start_index: int, count: int) -> bytes:
    """Return the beginning of a ListResponse, up to its resources."""
    page = b'"startIndex":%d,"itemsPerPage":%d,"Resources":[' % (start_index, count)
    return _LIST_HEAD % total + page


def status_of(error: ScimError) -> int:
    """Return the HTTP status of an error."""
    return _STATUS[error.kind]


def error_bytes(error: ScimError) -> bytes:
    """Return an error as SCIM writes it: the status is a string (RFC 7644 §3.12)."""
    body = {"schemas": [_ERROR_URN], "status": str(status_of(error)), "detail": error.sentence}
    if error.scim_type is not None:
        body["scimType"] = error.scim_type
    return orjson.dumps(body)


def _meta(type: bytes, address: str, meta: Meta) -> bytes:
    return _META % (
        type,
        orjson.dumps(meta.created, option=orjson.OPT_UTC_Z),
        orjson.dumps(meta.modified, option=orjson.OPT_UTC_Z),
        orjson.dumps(address),
        meta.version,
    )
