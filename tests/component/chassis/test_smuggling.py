"""Requests that two servers could read differently: each is refused, or read as the RFC has it.

What a proxy before us took for a body must never become a request here (RFC 9112 §11.2).
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from chassis.http import create_app, http_loop, listen
from component.chassis.raw_client import connection

HOST = b"host: x\r\n"
GET = b"GET /hot HTTP/1.1\r\n" + HOST
POST = b"POST /hot HTTP/1.1\r\n" + HOST
CHUNKED = POST + b"transfer-encoding: chunked\r\n\r\n"
END = b"0\r\n\r\n"
SMUGGLED = b"GET /smuggled HTTP/1.1\r\n" + HOST + b"\r\n"
BODY_OF_GET = b"content-length: %d\r\n\r\n" % len(SMUGGLED)

REFUSED: dict[str, bytes] = {
    "a length and chunks": POST + b"content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n" + END,
    "chunks and a length": POST + b"transfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n" + END,
    "two lengths": POST + b"content-length: 1\r\ncontent-length: 2\r\n\r\nab",
    "the same length twice": POST + b"content-length: 1\r\ncontent-length: 1\r\n\r\na",
    "lengths in a list": POST + b"content-length: 1, 1\r\n\r\na",
    "a length with a sign": POST + b"content-length: +1\r\n\r\na",
    "a negative length": POST + b"content-length: -1\r\n\r\na",
    "a hexadecimal length": POST + b"content-length: 0x1\r\n\r\na",
    "a length with a blank": POST + b"content-length: 1 1\r\n\r\na",
    "an empty length": POST + b"content-length: \r\n\r\na",
    "an endless length": POST + b"content-length: " + b"9" * 30 + b"\r\n\r\na",
    "a folded header": GET + b"x-a: 1\r\n y\r\n\r\n",
    "a folded transfer coding": POST + b"transfer-encoding:\r\n chunked\r\n\r\n" + END,
    "line feeds alone": b"GET /hot HTTP/1.1\nhost: x\n\n",
    "a line feed alone in a header": GET + b"x-a: 1\nx-b: 1\r\n\r\n",
    "a carriage return alone": GET + b"x-a: 1\rx-b: 1\r\n\r\n",
    "a blank before the colon": POST + b"transfer-encoding : chunked\r\n\r\n" + END,
    "a header without a name": GET + b": a\r\n\r\n",
    "a NUL": GET + b"x-a: \x00\r\n\r\n",
    "an unknown coding": POST + b"transfer-encoding: xchunked\r\n\r\n" + END,
    "a coding behind chunked": POST + b"transfer-encoding: chunked, identity\r\n\r\n" + END,
    "a coding after chunked": CHUNKED[:-2] + b"transfer-encoding: identity\r\n\r\n" + END,
    "a control before chunked": POST + b"transfer-encoding: \x0bchunked\r\n\r\n" + END,
    "a hexadecimal prefix": CHUNKED + b"0x1\r\na\r\n" + END,
    "a negative chunk": CHUNKED + b"-1\r\na\r\n" + END,
    "chunks with line feeds alone": CHUNKED + b"1\na\n0\n\n",
    "a line feed in an extension": CHUNKED + b"1;a\nb\r\na\r\n" + END,
    "a chunk longer than it says": CHUNKED + b"1\r\nabc\r\n" + END,
    "an endless chunk": CHUNKED + b"1" + b"0" * 16 + b"\r\na\r\n" + END,
    "a length in the trailers": CHUNKED + b"1\r\na\r\n0\r\ncontent-length: 5\r\n\r\n",
    "no host": b"GET /hot HTTP/1.1\r\n\r\n",
    "two hosts": GET + HOST + b"\r\n",
    "two authorizations": GET + b"authorization: a\r\nauthorization: b\r\n\r\n",
    "another version": b"GET /hot HTTP/1.2\r\n" + HOST + b"\r\n",
    "a method in small letters": b"get /hot HTTP/1.1\r\n" + HOST + b"\r\n",
    "a tunnel": b"CONNECT x:80 HTTP/1.1\r\n" + HOST + b"\r\n",
    "the beginning of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
}
READ: dict[str, tuple[bytes, list[bytes]]] = {
    "chunks": (CHUNKED + b"1\r\na\r\n" + END, [b"a"]),
    "chunks in capitals": (POST + b"Transfer-Encoding: Chunked\r\n\r\n1\r\na\r\n" + END, [b"a"]),
    "a body that looks like a request": (GET + BODY_OF_GET + SMUGGLED, [SMUGGLED]),
    "a request that wants HTTP/2": (
        GET + b"connection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AA\r\n\r\n",
        [b""],
    ),
    "a request that wants a web socket": (
        GET + b"connection: upgrade\r\nupgrade: websocket\r\n\r\n",
        [b""],
    ),
    "one of HTTP/1.0 without a host": (b"GET /hot HTTP/1.0\r\n\r\n", [b""]),
}


@dataclass
class Server:
    port: int
    bodies: list[bytes] = field(default_factory=list)
    """What was read as a request's body."""
    smuggled: int = 0


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    app = create_app("smuggling")
    listening = listen("127.0.0.1", 0, variable="PORT")
    server = Server(listening.getsockname()[1])

    async def hot(request: Request) -> Response:
        server.bodies.append(await request.body())
        return Response("done")

    async def smuggled(_request: Request) -> Response:
        server.smuggled += 1
        return Response("done")

    app.router.routes.append(Route("/hot", hot, methods=["GET", "POST"]))
    app.router.routes.append(Route("/smuggled", smuggled))
    loop = http_loop(app, listening, name="http", grace=1)
    running = asyncio.ensure_future(loop.run())
    yield server
    assert loop.stop is not None
    loop.stop()
    await running


@pytest.mark.parametrize("request_", REFUSED.values(), ids=REFUSED.keys())
async def test_what_could_be_read_in_two_ways_is_refused(server: Server, request_: bytes) -> None:
    with structlog.testing.capture_logs() as logged:
        async with connection(server.port) as client:
            await client.say(request_ + SMUGGLED)
            assert await client.status() == 400
            assert await client.closed()
    assert (server.bodies, server.smuggled) == ([], 0)
    assert len(repr(logged)) <= 300, logged
    assert not [entry for entry in logged if "exc_info" in entry]


@pytest.mark.parametrize(("request_", "bodies"), READ.values(), ids=READ.keys())
async def test_a_body_is_never_a_request(
    server: Server, request_: bytes, bodies: list[bytes]
) -> None:
    async with connection(server.port) as client:
        await client.say(request_)
        assert await client.answer() == 200
    assert (server.bodies, server.smuggled) == (bodies, 0)


async def test_a_client_that_leaves_in_its_body_is_hardly_logged(server: Server) -> None:
    with structlog.testing.capture_logs() as logged:
        async with connection(server.port) as client:
            await client.say(POST + b"content-length: 10\r\n\r\nabc")
        async with connection(server.port) as client:
            await client.say(SMUGGLED)
            assert await client.answer() == 200
    assert (server.bodies, server.smuggled) == ([], 1)
    assert len(repr(logged)) <= 300, logged
    assert not [entry for entry in logged if "exc_info" in entry]
