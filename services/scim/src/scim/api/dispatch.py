"""The one door of the SCIM surface: who is calling, what is wanted, and what became of it.

Every answer, errors included, is `application/scim+json`, and every request of a known tenant
leaves one row in the provisioning log. It is a plain ASGI application, because it is the hot path.
"""

from asyncio import CancelledError
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from starlette.types import Receive, Scope, Send

from chassis import context
from chassis.clock import Clock
from chassis.http import RateLimit
from chassis.ids import uuid7
from scim.api.answers import (
    Answer,
    MethodNotAllowed,
    NotImplementedHere,
    TooManyRequests,
    error_answer,
    internal_error,
    method_not_allowed,
    not_implemented,
)
from scim.api.asked import Asked, Operation, Operations, read_body, read_query, shape_of
from scim.domain.errors import ScimError, not_found
from scim.usecases.authenticate import Authenticate
from scim.usecases.call import Call
from scim.usecases.journal import Journal
from scim.usecases.ports import Tenant

PREFIX = "/scim/v2/"
MAX_DETAIL = 1_000
_WITHOUT_BODY = frozenset({"GET", "DELETE", "HEAD"})

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Dispatcher:
    """Serves everything under `/scim/v2/{tenant}`."""

    operations: Operations
    authenticate: Authenticate
    limit: RateLimit
    journal: Journal
    clock: Clock
    public_url: str
    translate: Callable[[Exception], ScimError | None]
    """Turns what storage raises into what can be told, where there is something to tell."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        answer = await self._answer(scope, receive)
        await send(
            {"type": "http.response.start", "status": answer.status, "headers": answer.headers()}
        )
        await send({"type": "http.response.body", "body": answer.body})

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        tenant_text, _, path = scope["path"][len(PREFIX) :].partition("/")
        # A Tenant URL that was saved with a slash at its end makes two of them.
        resource, _, rest = path.strip("/").partition("/")
        methods = self.operations.get(shape_of(resource, rest), {})
        operation = methods.get(scope["method"])
        scope["operation"] = operation.name if operation else "scim.unknown"
        try:
            tenant = await self.authenticate(tenant_text, _authorization(scope))
        except Exception as error:
            return self._refusal(error, None)
        call = self._open(tenant, operation)
        try:
            self._limit(tenant)
            if operation is None:
                raise _no_operation(", ".join(methods))
            body = b"" if scope["method"] in _WITHOUT_BODY else await read_body(receive)
            query = read_query(scope["query_string"])
            base_url = f"{self.public_url}{PREFIX}{tenant.id}"
            return await operation.handle(Asked(tenant, base_url, rest, query, body, call))
        except CancelledError:
            # The edge gave up waiting; whether a write went through is not known.
            call.status, call.detail = 503, "The request took too long."
            raise
        except Exception as error:
            return self._refusal(error, call)
        finally:
            self.journal.note(call)

    def _open(self, tenant: Tenant, operation: Operation | None) -> Call:
        return Call(
            tenant_id=tenant.id,
            id=uuid7(),
            occurred_at=self.clock.now(),
            operation=operation.name if operation else "unknown",
            resource_type=operation.resource_type if operation else None,
            status=operation.status if operation else 404,
            correlation_id=context.current().correlation_id or None,
        )

    def _limit(self, tenant: Tenant) -> None:
        seconds = self.limit.take(tenant.id)
        if seconds:
            raise TooManyRequests(seconds)

    def _refusal(self, error: Exception, call: Call | None) -> Answer:
        refused = error if isinstance(error, ScimError) else self.translate(error)
        scim_type = None
        if refused is not None:
            answer, detail, scim_type = error_answer(refused), refused.detail, refused.scim_type
            if refused is not error:
                log.warning("storage.failed", error=repr(error))
        elif isinstance(error, MethodNotAllowed):
            answer, detail = method_not_allowed(error), str(error)
        elif isinstance(error, NotImplementedHere):
            answer, detail = not_implemented(error), str(error)
        else:
            log.error("scim.request_failed", exc_info=error)
            answer = internal_error(context.current().correlation_id)
            detail = "Something went wrong on our side."
        if call is not None:
            call.status, call.scim_type, call.detail = answer.status, scim_type, detail[:MAX_DETAIL]
        return answer


def _no_operation(allowed: str) -> Exception:
    if allowed:
        return MethodNotAllowed(allowed)
    return not_found("There is nothing at this address; the SCIM resources are Users and Groups.")


def _authorization(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"authorization":
            return str(value.decode("latin-1"))
    return ""
