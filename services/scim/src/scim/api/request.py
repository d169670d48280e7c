"""A SCIM request whose tenant is known, and the endpoints that such requests go to."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl
from uuid import UUID

from starlette.types import Receive, Scope

from kernel.names import parse_id
from kernel.tenant import Tenant
from scim.api.responses import ScimResponse, UnsupportedMediaType
from scim.domain.errors import ScimError, invalid_filter, invalid_syntax, unavailable
from scim.protocol.bodies import parse_body
from scim.protocol.projection import Projection, parse_projection
from scim.usecases.log_entry import LogEntry, truncated

MAX_PARAMETERS = 100
SEARCH = ".search"
_MEDIA_TYPES = frozenset({b"application/scim+json", b"application/json"})
_USUAL_MEDIA_TYPES = _MEDIA_TYPES | {b"application/scim+json; charset=utf-8"}


@dataclass(slots=True)
class ScimRequest:
    """A request of a known tenant."""

    tenant: Tenant
    base_url: str
    """Of this tenant's SCIM surface."""
    rest: str
    """What follows the resource in the path: an id, or nothing."""
    query: Mapping[str, str]
    """Parameters by lower-case name; the first value of a repeated one."""
    body: bytes
    entry: LogEntry
    strict: bool = False
    """Whether the tenant's client is read strictly."""
    stored: int = 0
    """Bytes of the document that the request has stored."""

    def resource_id(self, missing: Callable[[], ScimError]) -> UUID:
        """Return the id in the path, or raise the error that `missing` makes."""
        self.entry.resource_id = truncated(self.rest)
        found = parse_id(self.rest)
        if found is None:
            raise missing()
        return found

    def json(self) -> object:
        """Read the body."""
        if b"\\u0000" in self.body or b"\x00" in self.body:
            raise invalid_syntax("The body contains a NUL character; leave it out.")
        return parse_body(self.body)

    def resource(self, naming: str) -> object:
        """Read the body that describes a resource; its name is logged, also if it is refused."""
        body = self.json()
        name = body.get(naming) if isinstance(body, dict) else None
        self.entry.resource_name = truncated(name) if isinstance(name, str) else None
        return body

    def filter(self) -> str | None:
        """Return the filter; the provisioning log shows it as the name."""
        text = self.query.get("filter")
        self.entry.resource_name = truncated(text)
        if text is not None and "\x00" in text:
            raise invalid_filter("The filter contains a NUL character, which no value contains.")
        return text

    def projection(self) -> Projection | None:
        """Return which attributes the response has; None for all."""
        if not self.query:
            return None
        return parse_projection(self.query.get("attributes"), self.query.get("excludedattributes"))


Handler = Callable[[ScimRequest], Awaitable[ScimResponse]]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A method on a kind of path, with its handler."""

    name: str
    """In metrics and in the provisioning log: `user.patch`."""
    resource_type: str | None
    status: int
    """Of success."""
    handle: Handler
    needs_token: bool = True
    """False where nothing of the tenant is told."""


Endpoints = Mapping[str, Mapping[str, Endpoint]]
"""By the pattern of the path (`users`, `users/*`, `users/.search`), then by method."""


def path_pattern(resource: str, rest: str) -> str:
    """Return the key of a path in `Endpoints`."""
    if not rest:
        return resource.lower()
    return f"{resource.lower()}/{SEARCH if rest == SEARCH else '*'}"


def read_query(raw: bytes) -> Mapping[str, str]:
    """Read a query string into parameters by lower-case name."""
    if not raw:
        return {}
    query: dict[str, str] = {}
    try:
        pairs = parse_qsl(
            raw.decode("latin-1"), keep_blank_values=True, max_num_fields=MAX_PARAMETERS
        )
    except ValueError as error:
        raise invalid_syntax(f"At most {MAX_PARAMETERS} query parameters are read.") from error
    for name, value in pairs:
        query.setdefault(name.lower(), value)
    return query


def check_media_type(scope: Scope) -> None:
    """Refuse a body that is said to be something else than JSON (RFC 7644 §3.1)."""
    for name, value in scope["headers"]:
        if name == b"content-type" and value not in _USUAL_MEDIA_TYPES:
            media = value.partition(b";")[0].strip().lower()
            if media and media not in _MEDIA_TYPES:
                raise UnsupportedMediaType("Send the body as application/scim+json.")


async def read_body(receive: Receive) -> bytes:
    """Read the whole body; the HTTP edge bounds its size."""
    parts = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise unavailable("The client went away.")
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            break
    return parts[0] if len(parts) == 1 else b"".join(parts)
