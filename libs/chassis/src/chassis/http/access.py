"""Who may do what on an admin API.

The authoriser is given from outside: it turns a request into a principal, or refuses it. It is
asked before path, query and body are understood, and where none is given, nobody is let in. A route
of a tenant, `{tenant_id}`, lets in who may see that tenant, also before anything is understood; any
other asks in its handler, and one that forgets to answers 500.
"""

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from fastapi.routing import APIRoute, iter_route_contexts
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from chassis.http.problems import Problem, ProblemError
from kernel.names import parse_id_leniently

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


class AccessNotChecked(Exception):
    """A guarded handler answered although nothing had checked what the principal may do."""


class GuardedRoute(APIRoute):
    """A route that asks who is there before it reads anything of the request."""

    authorise: Authoriser = staticmethod(refuse_everybody)

    def get_route_handler(self) -> Handler:
        """Return the handler behind the guard."""
        handle = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            principal = request.state.principal = await self.authorise(request)
            checked: list[Principal] = []
            token = _checked.set(checked)
            try:
                if "tenant_id" in request.path_params:
                    _admit_to(principal, request.path_params["tenant_id"])
                response = await handle(request)
            finally:
                _checked.reset(token)
            if principal not in checked:
                raise AccessNotChecked(
                    f"{self.name} neither admitted its principal nor let it operate"
                )
            return response

        return guarded


_checked: ContextVar[list[Principal] | None] = ContextVar("checked", default=None)
"""The principals whose access the request at hand has checked."""


def guarded_route(authorise: Authoriser) -> type[GuardedRoute]:
    """Return the kind of route that asks this authoriser, for `APIRouter(route_class=…)`.

    It is the kind of the router's own routes alone: a router included into it brings its own kind.
    `unguarded` finds what was forgotten.
    """
    return type("GuardedRoute", (GuardedRoute,), {"authorise": staticmethod(authorise)})


def unguarded(routes: Sequence[BaseRoute], below: str = "/api") -> list[str]:
    """Return the paths of an application's routes below `below` that no guard protects.

    A route whose path begins with a parameter may be below it too. A mounted application counts as
    not protected, for nobody can look into it.
    """
    return [
        route.path or repr(route.original_route)
        for route in iter_route_contexts(routes)
        if not isinstance(route.original_route, GuardedRoute) and _may_be_below(route.path, below)
    ]


def _may_be_below(path: str | None, prefix: str) -> bool:
    if not path:
        return True
    return path.startswith(("/{", f"{prefix}/")) or path == prefix or prefix.startswith(f"{path}/")


def _admit_to(principal: Principal, tenant: object) -> None:
    """Let in whoever may see the tenant that a path names; what is no id is nobody's tenant."""
    tenant_id = tenant if isinstance(tenant, UUID) else parse_id_leniently(str(tenant))
    if tenant_id is not None:
        admitted(principal, tenant_id)
    elif not principal.operates:
        raise _no_such_tenant()
    else:
        _note(principal)


def _note(principal: Principal) -> None:
    checked = _checked.get()
    if checked is not None:
        checked.append(principal)


def principal_of(request: Request) -> Principal:
    """Return who a guarded route has let in."""
    principal: Principal = request.state.principal
    return principal


def admitted(principal: Principal, tenant_id: UUID) -> Principal:
    """Return the principal if it may see and change what belongs to the tenant.

    Whoever belongs to another tenant gets the answer of a tenant that does not exist.
    """
    _note(principal)
    if principal.operates:
        return principal
    if principal.tenant_id != tenant_id:
        raise _no_such_tenant()
    if principal.role != TENANT_ADMIN:
        raise _forbidden("Only admins of the tenant may do this.")
    return principal


def operating(principal: Principal) -> Principal:
    """Return the principal if it is an operator."""
    _note(principal)
    if not principal.operates:
        raise _forbidden("Only operators of the platform may do this.")
    return principal


def _no_such_tenant() -> ProblemError:
    return ProblemError(Problem(404, "tenant_not_found", "Not found", "There is no such tenant."))


def _forbidden(detail: str) -> ProblemError:
    return ProblemError(Problem(403, "forbidden", "Not allowed", detail))
