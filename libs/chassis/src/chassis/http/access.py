"""Who may do what on an admin API.

The authoriser is given from outside: it turns a request into a principal, or refuses it. It is
asked before path, query and body are understood, and where none is given, nobody is let in.
"""

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from chassis.http.problems import Problem, ProblemError

PLATFORM_ROLES = frozenset({"primary_admin", "admin"})
TENANT_ADMIN = "tenant_admin"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is asking."""

    actor: str
    """What logs of changes name."""
    role: str
    """`primary_admin` or `admin` of the platform, `tenant_admin` or `member` of a tenant."""
    tenant_id: UUID | None = None
    """The tenant of a tenant's role."""

    @property
    def operates(self) -> bool:
        """Whether this is an operator of the platform, who belongs to no tenant."""
        return self.role in PLATFORM_ROLES and self.tenant_id is None


Authoriser = Callable[[Request], Awaitable[Principal]]
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


async def refuse_everybody(_request: Request) -> Principal:
    """Let nobody in, for there is nobody who could tell who is asking."""
    raise ProblemError(
        Problem(
            401,
            "unauthenticated",
            "Sign in first",
            "This API needs an access token.",
            headers={"WWW-Authenticate": "Bearer"},
        )
    )


def guarded_route(authorise: Authoriser) -> type[APIRoute]:
    """Return the kind of route that asks who is there before it reads anything of the request."""

    class GuardedRoute(APIRoute):
        def get_route_handler(self) -> Handler:
            handle = super().get_route_handler()

            async def guarded(request: Request) -> Response:
                request.state.principal = await authorise(request)
                return await handle(request)

            return guarded

    return GuardedRoute


def principal_of(request: Request) -> Principal:
    """Return who a guarded route has let in."""
    principal: Principal = request.state.principal
    return principal


def admitted(principal: Principal, tenant_id: UUID) -> Principal:
    """Return the principal if it may see and change what belongs to the tenant.

    Whoever belongs to another tenant gets the answer of a tenant that does not exist.
    """
    if principal.operates:
        return principal
    if principal.tenant_id != tenant_id:
        raise ProblemError(
            Problem(404, "tenant_not_found", "Not found", "There is no such tenant.")
        )
    if principal.role != TENANT_ADMIN:
        raise _forbidden("Only admins of the tenant may do this.")
    return principal


def operating(principal: Principal) -> Principal:
    """Return the principal if it is an operator."""
    if not principal.operates:
        raise _forbidden("Only operators of the platform may do this.")
    return principal


def _forbidden(detail: str) -> ProblemError:
    return ProblemError(Problem(403, "forbidden", "Not allowed", detail))
