"""Who is let in on an admin API, and what everybody else learns: nothing."""

from uuid import UUID

import httpx
import pytest
from fastapi import APIRouter, Request, Response
from prometheus_client import CollectorRegistry
from pydantic import BaseModel
from starlette.routing import Mount, Route
from structlog.testing import capture_logs

from chassis.http import (
    Authoriser,
    Principal,
    admitted,
    create_app,
    guarded_route,
    operating,
    principal_of,
    refuse_everybody,
    unguarded,
)
from kernel.errors import UnauthenticatedError

OWN, OTHER, UNKNOWN = (UUID(int=number) for number in (1, 2, 3))


class Body(BaseModel):
    """What a route reads."""

    name: str


def router(authorise: Authoriser) -> APIRouter:
    made = APIRouter(prefix="/tenants/{tenant_id}", route_class=guarded_route(authorise))

    @made.get("")
    async def show(tenant_id: UUID, request: Request) -> str:
        return admitted(principal_of(request), tenant_id).actor

    @made.post("")
    async def change(tenant_id: UUID, body: Body, request: Request) -> str:
        return f"{admitted(principal_of(request), tenant_id).actor} {body.name}"

    @made.post("/override")
    async def override(tenant_id: UUID, request: Request) -> str:
        return operating(admitted(principal_of(request), tenant_id)).actor

    return made


def client_of(authorise: Authoriser) -> httpx.AsyncClient:
    app = create_app("test", registry=CollectorRegistry())
    app.include_router(router(authorise))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test")


def client_as(role: str, tenant_id: UUID | None) -> httpx.AsyncClient:
    async def authorise(_request: Request) -> Principal:
        return Principal("ann", role, tenant_id)

    return client_of(authorise)


@pytest.mark.parametrize(
    ("role", "tenant_id", "own", "other", "override"),
    [
        ("tenant_admin", OWN, 200, 404, 403),
        ("member", OWN, 403, 404, 403),
        ("primary_admin", None, 200, 200, 200),
        ("admin", None, 200, 200, 200),
        # A platform role inside a tenant is neither an operator nor the tenant's admin.
        ("primary_admin", OWN, 403, 404, 403),
        ("admin", OWN, 403, 404, 403),
        ("admin", OTHER, 404, 403, 404),
        ("tenant_admin", None, 404, 404, 404),
        ("", None, 404, 404, 404),
    ],
)
async def test_a_role_and_a_tenant_decide_together(
    role: str, tenant_id: UUID | None, own: int, other: int, override: int
) -> None:
    async with client_as(role, tenant_id) as client:
        assert (await client.get(f"/tenants/{OWN}")).status_code == own
        assert (await client.get(f"/tenants/{OTHER}")).status_code == other
        assert (await client.post(f"/tenants/{OWN}/override")).status_code == override


@pytest.mark.parametrize("role", ["tenant_admin", "member"])
async def test_another_tenant_looks_like_none(role: str) -> None:
    async with client_as(role, OWN) as client:
        answers = [
            await client.get(f"/tenants/{each}", headers={"x-correlation-id": "c"})
            for each in (OTHER, UNKNOWN)
        ]

    for answer in answers:
        assert answer.status_code == 404
        body = answer.json()
        assert (body["type"], body["detail"]) == (
            "urn:portico:problem:tenant_not_found",
            "There is no such tenant.",
        )
    first, second = ({**answer.json(), "correlation_id": ""} for answer in answers)
    assert first == second


@pytest.mark.parametrize(
    ("method", "path", "content"),
    [
        ("POST", f"/{OWN}", b'{"name": "acme"}'),
        ("POST", f"/{OWN}", b"{"),
        ("POST", f"/{OWN}", b'{"name": 7}'),
        ("POST", "/no-id", b""),
        ("GET", "/no-id", b""),
        ("POST", f"/{OWN}/override", b"["),
    ],
)
async def test_nothing_is_read_before_the_authoriser_was_asked(
    method: str, path: str, content: bytes
) -> None:
    read: list[bool] = []

    async def authorise(request: Request) -> Principal:
        read.append(hasattr(request, "_body"))
        return await refuse_everybody(request)

    async with client_of(authorise) as client:
        answer = await client.request(method, f"/tenants{path}", content=content)

    assert read == [False]
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["detail"] == "This API needs an access token."


async def test_an_authoriser_may_refuse_by_a_domain_error() -> None:
    async def authorise(_request: Request) -> Principal:
        raise UnauthenticatedError("token-expired", "Sign in again.")

    async with client_of(authorise) as client:
        answer = await client.get(f"/tenants/{OWN}")

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["type"] == "urn:portico:problem:token-expired"


async def test_who_is_let_in_is_read_and_may_be_wrong() -> None:
    async with client_as("tenant_admin", OWN) as client:
        good = await client.post(f"/tenants/{OWN}", json={"name": "acme"})
        bad = await client.post(f"/tenants/{OWN}", json={"name": 7})

    assert (good.status_code, good.json()) == (200, "ann acme")
    assert bad.status_code == 422


async def test_a_fault_of_the_authoriser_lets_nobody_in() -> None:
    async def broken(_request: Request) -> Principal:
        raise RuntimeError("no key")

    async with client_of(broken) as client:
        answer = await client.get(f"/tenants/{OWN}")

    assert answer.status_code == 500
    assert "no key" not in answer.text


@pytest.mark.parametrize(
    ("path", "content"),
    [
        (f"/{OTHER}", b'{"name": "acme"}'),
        (f"/{OTHER}", b'{"name": 7}'),
        (f"/{OTHER}", b"{"),
        (f"/{{{OTHER}}}", b"{"),
        (f"/{OTHER.hex}", b"{"),
        ("/no-id", b"{"),
    ],
)
async def test_another_tenants_admin_learns_nothing_from_a_wrong_body(
    path: str, content: bytes
) -> None:
    async with client_as("tenant_admin", OWN) as client:
        answer = await client.post(f"/tenants{path}", content=content)

    assert answer.status_code == 404
    assert answer.json()["detail"] == "There is no such tenant."


async def test_an_operator_learns_what_is_wrong() -> None:
    async with client_as("admin", None) as client:
        assert (await client.get("/tenants/no-id")).status_code == 422
        assert (await client.post(f"/tenants/{OTHER}", content=b"{")).status_code == 422


async def test_a_handler_that_forgets_to_ask_answers_500_and_nothing_else() -> None:
    async def authorise(_request: Request) -> Principal:
        return Principal("ann", "member", OWN)

    made = APIRouter(prefix="/api/all", route_class=guarded_route(authorise))

    @made.get("/forgetful")
    async def forgetful() -> str:
        return "everything of everybody"

    @made.get("/operators")
    def of_operators(request: Request) -> str:
        return operating(principal_of(request)).actor

    @made.get("/own")
    def of_one(request: Request) -> str:
        return admitted(Principal("ann", "tenant_admin", OWN), OWN).actor

    app = create_app("test", registry=CollectorRegistry())
    app.include_router(made)
    transport = httpx.ASGITransport(app=app)
    with capture_logs() as logs:
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            forgot = await client.get("/api/all/forgetful")
            refused = await client.get("/api/all/operators")
            another = await client.get("/api/all/own")

    assert (forgot.status_code, refused.status_code, another.status_code) == (500, 403, 500)
    assert "everybody" not in forgot.text
    [failure, _] = [entry for entry in logs if entry["event"] == "http.request_failed"]
    assert "forgetful" in str(failure["exc_info"])


async def test_a_handler_in_a_thread_may_ask_too() -> None:
    async def authorise(_request: Request) -> Principal:
        return Principal("ann", "admin", None)

    made = APIRouter(route_class=guarded_route(authorise))

    @made.get("/operators")
    def of_operators(request: Request) -> str:
        return operating(principal_of(request)).actor

    app = create_app("test", registry=CollectorRegistry())
    app.include_router(made)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        assert (await client.get("/operators")).json() == "ann"


async def nothing() -> None:
    """Stand in for a handler."""


async def answer(_request: Request) -> Response:
    return Response()


def test_what_no_guard_protects_is_found() -> None:
    app = create_app("test", registry=CollectorRegistry())
    outer = APIRouter(prefix="/api/outer", route_class=guarded_route(refuse_everybody))
    outer.add_api_route("/guarded", nothing)
    inner = APIRouter(prefix="/inner")
    inner.add_api_route("/forgotten", nothing)
    guarded_inner = APIRouter(prefix="/inner", route_class=guarded_route(refuse_everybody))
    guarded_inner.add_api_route("/guarded", nothing)
    outer.include_router(inner)
    outer.include_router(guarded_inner)
    app.include_router(outer)
    app.add_api_route("/api/own", nothing)
    app.add_api_route("/apiary", nothing)
    app.router.routes += [
        Route("/api/hot", answer),
        Mount("/api/app", app=Response()),
        Mount("/scim", app=Response()),
        Route("/{rest:path}", answer),
    ]

    assert unguarded(app.routes) == [
        "/api/outer/inner/forgotten",
        "/api/own",
        "/api/hot",
        "/api/app",
        "/{rest:path}",
    ]


def test_an_application_mounted_at_the_root_is_found_too() -> None:
    app = create_app("test", registry=CollectorRegistry())
    app.router.routes.append(Mount("", app=Response()))
    assert len(unguarded(app.routes)) == 1
