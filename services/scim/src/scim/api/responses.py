"""Responses of the SCIM surface: bytes and their headers."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import orjson
from starlette.types import Scope

from chassis.http import Problem
from kernel.errors import Kind
from scim.domain.errors import ScimError
from scim.protocol.bodies import CONTENT_TYPE, error_bytes, status_of

_CONTENT_TYPE = (b"content-type", CONTENT_TYPE.encode())
_CHALLENGE = (b"www-authenticate", b'Bearer realm="scim"')
_ERROR_URN = "urn:ietf:params:scim:api:messages:2.0:Error"

Header = tuple[bytes, bytes]


@dataclass(slots=True)
class ScimResponse:
    """One response."""

    status: int
    body: bytes = b""
    extra: tuple[Header, ...] = ()
    parts: AsyncIterator[bytes] | None = None
    """A body that is made as it is sent, in place of `body`: little of it is held."""

    def headers(self) -> list[Header]:
        """Return all headers."""
        if self.status == 204:
            return [*self.extra]
        if self.parts is not None:
            return [_CONTENT_TYPE, *self.extra]
        length = (b"content-length", str(len(self.body)).encode())
        return [_CONTENT_TYPE, length, *self.extra]


def resource_response(
    status: int, body: bytes | AsyncIterator[bytes], address: str
) -> ScimResponse:
    """Return a resource with where it is (RFC 7643 §3.1: `Content-Location` is its location)."""
    where = address.encode()
    response = ScimResponse(status, extra=((b"location", where), (b"content-location", where)))
    if isinstance(body, bytes):
        response.body = body
    else:
        response.parts = body
    return response


class MethodNotAllowed(Exception):
    """The path exists, but not with this method."""

    def __init__(self, allowed: str) -> None:
        super().__init__(f"This path takes {allowed}.")
        self.allowed = allowed


class NotSupported(Exception):
    """RFC 7644 has this request, this provider does not support it."""


class UnsupportedMediaType(Exception):
    """The body is said to be something else than JSON."""


def error_response(error: ScimError) -> ScimResponse:
    """Return an error as RFC 7644 §3.12 writes it."""
    extra: tuple[Header, ...] = ()
    if error.kind is Kind.UNAUTHENTICATED:
        extra = (_CHALLENGE,)
    elif error.retry_after is not None:
        extra = ((b"retry-after", str(error.retry_after).encode()),)
    return ScimResponse(status_of(error), error_bytes(error), extra)


def method_not_allowed(error: MethodNotAllowed) -> ScimResponse:
    """Return the response to a method that a path does not take."""
    return ScimResponse(405, _body(405, str(error)), ((b"allow", error.allowed.encode()),))


def not_implemented(error: NotSupported) -> ScimResponse:
    """Return the response to a request that is not supported (RFC 7644 §3.12)."""
    return ScimResponse(501, _body(501, str(error)))


def unsupported_media_type(error: UnsupportedMediaType) -> ScimResponse:
    """Return the response to a body that is not sent as JSON."""
    return ScimResponse(415, _body(415, str(error)))


def internal_error(correlation_id: str) -> ScimResponse:
    """Return the response to a fault of ours."""
    return ScimResponse(
        500,
        _body(
            500,
            "Something went wrong on our side and nothing was changed. Try again; "
            f"if it fails again, report the correlation id {correlation_id}.",
        ),
    )


def edge_error_body(_scope: Scope, problem: Problem, correlation_id: str) -> tuple[bytes, bytes]:
    """Write errors that the HTTP edge answers as SCIM errors."""
    detail = f"{problem.detail or problem.title} (correlation id {correlation_id})"
    return _CONTENT_TYPE[1], _body(problem.status, detail)


def _body(status: int, detail: str) -> bytes:
    return orjson.dumps({"schemas": [_ERROR_URN], "status": str(status), "detail": detail})
