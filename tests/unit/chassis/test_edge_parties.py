"""The edge knows whose a request is before its body: each party has a share, strangers another."""

import asyncio
from collections.abc import AsyncIterator, Hashable

import httpx
import pytest
from prometheus_client import CollectorRegistry
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from chassis.http import Application, create_app
from chassis.http.edge import Edge, Limits
from support.waiting import eventually

PLACES, SHARE = 4, 2
UPLOADS = 400
"""Bytes of bodies that come slowly; a quarter of them for each party, and as much for strangers."""


class House:
    """A surface that asks in the path whose request it is, beside a route for everybody."""

    prefix = "/of/"

    def __init__(self) -> None:
        self.release = asyncio.Event()
        self.at_work: list[Hashable] = []
        self.app: Application = create_app(
            "parties",
            limits=Limits(
                seconds=10, concurrent=PLACES, queued=100, share=SHARE, upload_bytes=UPLOADS
            ),
            registry=CollectorRegistry(),
        )
        self.app.surface = self
        self.app.router.routes.append(Route("/anybody", self.anybody, methods=["POST"]))

    async def admit(self, scope: Scope) -> Hashable | None:
        party = scope["path"].split("/")[2]
        scope["operation"] = "demo"
        return None if party == "nobody" else party

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        party, slow = scope["path"].split("/")[2], scope["path"].endswith("/slow")
        self.at_work.append(party)
        try:
            if slow:
                await self.release.wait()
            status = 401 if party == "nobody" else 200
            await Response(party, status)(scope, receive, send)
        finally:
            self.at_work.remove(party)

    async def anybody(self, request: Request) -> Response:
        await request.body()
        return Response("done")

    @property
    def edge(self) -> Edge:
        edge = self.app.middleware_stack
        assert isinstance(edge, Edge)
        return edge


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
async def client(house: House) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(house.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


async def test_the_slow_requests_of_one_party_do_not_take_all_places(
    house: House, client: httpx.AsyncClient
) -> None:
    slow = [asyncio.create_task(client.get("/of/acme/slow")) for _ in range(20)]
    await eventually(lambda: house.at_work == ["acme"] * SHARE)
    for _ in range(3):
        assert (await client.get("/of/other")).text == "other"
        assert (await client.get("/of/third")).text == "third"
    assert house.at_work == ["acme"] * SHARE
    # Who is refused waits for no place.
    assert (await client.get("/of/nobody")).status_code == 401
    house.release.set()
    assert {answer.status_code for answer in await asyncio.gather(*slow)} == {200}


async def test_what_strangers_hold_back_is_counted_apart(
    house: House, client: httpx.AsyncClient
) -> None:
    more = asyncio.Event()

    async def body(size: int) -> AsyncIterator[bytes]:
        yield b"x" * size
        await more.wait()
        yield b"y"

    def begin(path: str, size: int) -> asyncio.Task[httpx.Response]:
        return asyncio.create_task(client.post(path, content=body(size)))

    await client.get("/of/acme")
    uploads = house.edge._uploads
    strangers = [begin("/anybody", UPLOADS // 4), begin("/anybody", 1)]
    assert (await strangers[1]).status_code == 503
    held = [begin(f"/of/{party}", UPLOADS // 4) for party in ("acme", "other", "third", "fourth")]
    # Strangers and four parties hold all that each of them may: none at the cost of another.
    await eventually(lambda: uploads.held == UPLOADS // 4 * 5)
    assert (await begin("/of/acme", 1)).status_code == 503
    assert (await begin("/of/fifth", 1)).status_code == 503
    assert (await begin("/anybody", 1)).status_code == 503
    assert (await client.get("/of/fifth")).status_code == 200
    more.set()
    # The last byte is over the share of each.
    assert {answer.status_code for answer in await asyncio.gather(strangers[0], *held)} == {503}
    await eventually(lambda: uploads.held == 0)


async def test_the_body_of_who_is_refused_is_not_read(
    house: House, client: httpx.AsyncClient
) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 1_000
            await asyncio.sleep(0)

    answer = await asyncio.wait_for(client.post("/of/nobody", content=endless()), 5)
    assert answer.status_code == 401
    assert house.edge._uploads.held == 0
