"""Serves every request of the SCIM surface: token, tenant, endpoint, response, log entry.

Every response, errors included, is `application/scim+json`, and every request of a known tenant
leaves one row in the provisioning log. It is a plain ASGI application that the edge calls without
a router, because it is the hot path. Before the body of a request is read, its token is checked.
"""

import asyncio
from asyncio import CancelledError
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

import structlog
from starlette.types import Receive, Scope, Send

from chassis import context
from chassis.clock import Clock
from chassis.http import RateLimit
from chassis.ids import uuid7
from kernel.errors import Kind
from kernel.names import parse_id
from kernel.tenant import Tenant
from scim.api.request import (
    Endpoint,
    Endpoints,
    ScimRequest,
    check_media_type,
    path_pattern,
    read_body,
    read_query,
)
from scim.api.responses import (
    MethodNotAllowed,
    NotSupported,
    ScimResponse,
    UnsupportedMediaType,
    error_response,
    internal_error,
    method_not_allowed,
    not_implemented,
    unsupported_media_type,
)
from scim.domain.errors import ScimError, not_found
from scim.usecases.authenticate import Authenticate
from scim.usecases.log_entry import LogEntry
from scim.usecases.ports import Grant
from scim.usecases.provisioning_log import ProvisioningLog

PREFIX = "/scim/v2/"
MAX_DETAIL = 1_000
ADMITTED_SECONDS = 1.0
"""How long a request goes by the look at its token that came before its body."""
HELD_BACK_SECONDS = 1.0
"""How long "too many requests" is kept back: a client that repeats at once would cost as before."""
MAX_HELD_BACK = 256
_CALL = "scim.call"
MAX_LOGGED = 200
_WITHOUT_BODY = frozenset({"GET", "DELETE", "HEAD"})

log = structlog.get_logger()


@dataclass(slots=True)
class _Call:
    """What is known of a request before its body is read."""

    tenant_text: str
    methods: Mapping[str, Endpoint]
    endpoint: Endpoint | None
    rest: str
    """What follows the resource in the path."""
    grant: Grant | None = None
    refusal: Exception | None = None
    admitted_at: float = 0.0
    """Time of the event loop at which the token was checked."""


@dataclass(slots=True)
class Dispatcher:
    """Serves everything under `/scim/v2/{tenant}`."""

    endpoints: Endpoints
    authenticate: Authenticate
    limit: RateLimit
    """Requests a second of each tenant."""
    byte_limit: RateLimit
    """Bytes a second of each tenant: of bodies, and of the users that they store."""
    provisioning_log: ProvisioningLog
    clock: Clock
    base_url: Callable[[UUID], str]
    """Returns the address of a tenant's SCIM surface."""
    translate: Callable[[Exception], ScimError | None]
    """Turns a failure of storage into the error that the client gets; None for a fault of ours."""

    prefix: str = PREFIX
    held_back: int = 0
    """Clients that are about to hear that they send too much."""

    async def admit(self, scope: Scope) -> int | None:
        """Return the tenant whose request this is, or None if it is going to be refused."""
        tenant_text, _, path = scope["path"][len(PREFIX) :].partition("/")
        # A Tenant URL that was saved with a slash at its end makes two of them.
        resource, _, rest = path.strip("/").partition("/")
        methods = self.endpoints.get(path_pattern(resource, rest), {})
        method = scope["method"]
        endpoint = methods.get("GET" if method == "HEAD" else method)
        # The HTTP edge labels metrics and logs with this key.
        scope["operation"] = endpoint.name if endpoint else "scim.unknown"
        call = scope[_CALL] = _Call(tenant_text, methods, endpoint, rest)
        try:
            call.admitted_at = asyncio.get_running_loop().time()
            grant = await self.authenticate(tenant_text, _authorization(scope))
            call.grant, party = grant, _party(grant)
            seconds = self.limit.take(party) or self.byte_limit.take(party, 0)
        except Exception as error:
            call.refusal = error
            return None
        if seconds:
            call.refusal = await self._too_many(seconds)
            return None
        return party

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, after `admit`."""
        response = await self._respond(scope, receive)
        await send(
            {
                "type": "http.response.start",
                "status": response.status,
                "headers": response.headers(),
            }
        )
        body = response.body
        if response.parts is not None and scope["method"] != "HEAD":
            async for part in response.parts:
                # Waits until the client has read most of what was sent before.
                await send({"type": "http.response.body", "body": part, "more_body": True})
        elif scope["method"] == "HEAD":
            body = b""
        await send({"type": "http.response.body", "body": body})

    async def _respond(self, scope: Scope, receive: Receive) -> ScimResponse:
        call: _Call = scope[_CALL]
        grant, endpoint = call.grant, call.endpoint
        if grant is None:
            public = await self._public_response(call, scope)
            return public or self._error_response(call.refusal or _no_endpoint(""), None)
        entry, size = self._log_entry(grant.tenant, endpoint), 0
        try:
            if call.refusal is not None:
                raise call.refusal
            if endpoint is None:
                raise _no_endpoint(", ".join(call.methods))
            body = await _body(scope, receive)
            size = len(body)
            if asyncio.get_running_loop().time() - call.admitted_at > ADMITTED_SECONDS:
                # The body was long in coming: a token that was revoked meanwhile opens nothing.
                grant = await self.authenticate(call.tenant_text, _authorization(scope))
            tenant, strict = grant.tenant, grant.strict
            query = read_query(scope["query_string"])
            base_url = self.base_url(tenant.tenant_id)
            request = ScimRequest(tenant, base_url, call.rest, query, body, entry, strict)
            response = await endpoint.handle(request)
            # A small change of a large user stores and announces all of it.
            size += request.stored
            return response
        except CancelledError:
            # The edge gave up waiting; whether a write went through is not known.
            entry.status, entry.detail = 503, "The request took too long."
            raise
        except Exception as error:
            return self._error_response(error, entry)
        finally:
            if size:
                self.byte_limit.charge(_party(grant), size)
            self.provisioning_log.append(entry)

    async def _public_response(self, call: _Call, scope: Scope) -> ScimResponse | None:
        """Answer a stranger who asks for nothing of the tenant, which may not even exist."""
        tenant_id, endpoint = parse_id(call.tenant_text), call.endpoint
        if endpoint is None or endpoint.needs_token or tenant_id is None or _authorization(scope):
            return None
        nobody = Tenant(tenant_id, "", "", "")
        entry = self._log_entry(nobody, endpoint)
        query = read_query(scope["query_string"])
        request = ScimRequest(nobody, self.base_url(tenant_id), call.rest, query, b"", entry)
        try:
            return await endpoint.handle(request)
        except ScimError as error:
            return self._error_response(error, None)

    def _log_entry(self, tenant: Tenant, endpoint: Endpoint | None) -> LogEntry:
        return LogEntry(
            tenant_id=tenant.tenant_id,
            id=uuid7(),
            occurred_at=self.clock.now(),
            endpoint=endpoint.name if endpoint else "unknown",
            resource_type=endpoint.resource_type if endpoint else None,
            status=endpoint.status if endpoint else 404,
            correlation_id=context.current().correlation_id or None,
        )

    async def _too_many(self, seconds: int) -> ScimError:
        if self.held_back < MAX_HELD_BACK:
            self.held_back += 1
            try:
                # Not all at the same moment.
                await asyncio.sleep(HELD_BACK_SECONDS + self.held_back / MAX_HELD_BACK)
            finally:
                self.held_back -= 1
        return ScimError(
            Kind.TOO_MANY_REQUESTS,
            f"Too many requests, or too large ones, for this tenant; try again in {seconds} s.",
            retry_after=seconds,
        )

    def _error_response(self, error: Exception, entry: LogEntry | None) -> ScimResponse:
        scim_error = error if isinstance(error, ScimError) else self.translate(error)
        scim_type = None
        if scim_error is not None:
            response, detail = error_response(scim_error), scim_error.sentence
            scim_type = scim_error.scim_type
            if scim_error is not error:
                log.warning("storage.failed", error=repr(error)[:MAX_LOGGED])
        elif isinstance(error, MethodNotAllowed):
            response, detail = method_not_allowed(error), str(error)
        elif isinstance(error, NotSupported):
            response, detail = not_implemented(error), str(error)
        elif isinstance(error, UnsupportedMediaType):
            response, detail = unsupported_media_type(error), str(error)
        else:
            log.error("scim.request_failed", exc_info=error)
            response = internal_error(context.current().correlation_id)
            detail = "Something went wrong on our side."
        if entry is not None:
            entry.status, entry.scim_type = response.status, scim_type
            entry.detail = detail[:MAX_DETAIL]
        return response


def _party(grant: Grant) -> int:
    """Return the tenant as the limits know it: a number is hashed in C, an id in Python."""
    return grant.tenant.tenant_id.int


def _no_endpoint(allowed: str) -> Exception:
    if allowed:
        return MethodNotAllowed(allowed)
    return not_found("There is nothing at this address; the SCIM resources are Users and Groups.")


async def _body(scope: Scope, receive: Receive) -> bytes:
    if scope["method"] in _WITHOUT_BODY:
        return b""
    check_media_type(scope)
    return await read_body(receive)


def _authorization(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"authorization":
            return str(value.decode("latin-1"))
    return ""
