"""The HTTP application of a service: FastAPI inside, the edge around it.

Hot routes may be plain Starlette routes: `app.router.routes.append(Route(...))`. A route's name is
the name of its operation in metrics and traces.
"""

from collections.abc import Awaitable, Mapping
from http import HTTPStatus
from typing import Any
from weakref import WeakKeyDictionary

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
from prometheus_client import REGISTRY, CollectorRegistry
from starlette.exceptions import HTTPException
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from chassis.http.edge import Edge, ErrorBody, Limits, Surface, standard_error_body
from chassis.http.problems import Problem, ProblemError, domain_problem
from chassis.observe import RequestMetrics
from chassis.settings import ChassisSettings
from kernel.errors import DomainError


class Application(FastAPI):
    """FastAPI with the edge in place of its error middlewares."""

    edge_options: Mapping[str, Any]
    surface: Surface | None = None
    """What is served without the router; set before the first request."""

    def __call__(  # type: ignore[override]
        self, scope: Scope, receive: Receive, send: Send
    ) -> Awaitable[None]:
        """Go to the edge at once: what FastAPI does before costs as much as all of the edge."""
        if self.middleware_stack is None:
            self.middleware_stack = self.build_middleware_stack()
        scope["app"] = self
        return self.middleware_stack(scope, receive, send)

    def build_middleware_stack(self) -> ASGIApp:
        """Put the router behind as few layers as there can be; called at the first request."""
        handlers = {key: value for key, value in self.exception_handlers.items() if key != 500}
        app: ASGIApp = AsyncExitStackMiddleware(self.router)
        app = ExceptionMiddleware(app, handlers=handlers)
        for cls, args, kwargs in reversed(self.user_middleware):
            app = cls(app, *args, **kwargs)
        operation_names: dict[object, str] = {
            route.endpoint: route.name for route in self.routes if isinstance(route, Route)
        }
        return Edge(
            app,
            operation_names=operation_names,
            surface=self.surface,
            **self.edge_options,
        )


def create_app(
    title: str,
    *,
    limits: Limits | None = None,
    error_body: ErrorBody = standard_error_body,
    registry: CollectorRegistry = REGISTRY,
    openapi_url: str | None = None,
) -> Application:
    """Make an application with correlation ids, limits, metrics and problems.

    `error_body` gives the body of errors that no handler of the service has answered: overload,
    time-out, too large a body, an unhandled exception, an unknown path.
    """
    app = Application(title=title, openapi_url=openapi_url, docs_url=None, redoc_url=None)
    app.edge_options = {
        "limits": limits or Limits(),
        "metrics": request_metrics(registry),
        "error_body": error_body,
    }
    app.add_exception_handler(RequestValidationError, _refuse_invalid)
    app.add_exception_handler(HTTPException, _refuse_http)
    app.add_exception_handler(DomainError, _refuse_domain)
    return app


def limits_of(settings: ChassisSettings) -> Limits:
    """Return the limits that the settings ask for."""
    return Limits(
        body_bytes=settings.max_body_bytes,
        seconds=settings.request_timeout_seconds,
        concurrent=settings.max_concurrent_requests,
        queued=settings.max_queued_requests,
    )


_metrics_of: WeakKeyDictionary[CollectorRegistry, RequestMetrics] = WeakKeyDictionary()


def request_metrics(registry: CollectorRegistry) -> RequestMetrics:
    """Return the request metrics of a registry, which takes each metric only once."""
    if registry not in _metrics_of:
        _metrics_of[registry] = RequestMetrics(registry)
    return _metrics_of[registry]


async def _refuse_invalid(_request: Request, error: Any) -> Any:
    """Answer 422; what was sent is not repeated, since it may hold a secret."""
    errors = [
        {"field": ".".join(str(part) for part in item["loc"]), "message": item["msg"]}
        for item in error.errors()
    ]
    detail = "; ".join(f"{item['field']}: {item['message']}" for item in errors)
    extra = {"errors": errors}
    raise ProblemError(Problem(422, "invalid-request", "Invalid request", detail, extra=extra))


async def _refuse_http(_request: Request, error: Any) -> Any:
    """Answer what Starlette and FastAPI raise by themselves: 404, 405, a body that is no JSON."""
    if isinstance(error, ProblemError):
        raise error
    title = HTTPStatus(error.status_code).phrase
    slug = title.lower().replace(" ", "-")
    detail = None if error.detail == title else str(error.detail)
    headers = dict(error.headers or {})
    raise ProblemError(Problem(error.status_code, slug, title, detail, headers=headers))


async def _refuse_domain(_request: Request, error: Any) -> Any:
    """Answer a rule's no with the status of its kind."""
    raise ProblemError(domain_problem(error)) from error


def operations_application(routes: Mapping[str, ASGIApp]) -> ASGIApp:
    """Make the application of health and metrics, which has a port of its own and no limits."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        route = routes.get(scope["path"], _NOT_FOUND)
        if scope["method"] not in ("GET", "HEAD"):
            route = _READ_ONLY
        await route(scope, receive, send)

    return app


_NOT_FOUND = Response(status_code=404)
_READ_ONLY = Response(status_code=405, headers={"allow": "GET, HEAD"})
