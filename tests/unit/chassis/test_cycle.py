"""A request and its answer on the wire are uvicorn's, in fewer pieces."""

import asyncio
from typing import Any

import pytest
import uvicorn
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from chassis.http.protocol import BoundedProtocol

START = "http.response.start"
BODY = "http.response.body"
LENGTH = (b"content-length", b"4")


class Wire:
    """The transport of one connection."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.closed = False

    def write(self, data: bytes) -> None:
        if data:
            self.pieces.append(data)

    def close(self) -> None:
        self.closed = True

    abort = close

    def is_closing(self) -> bool:
        return self.closed

    def get_extra_info(self, name: str, default: object = None) -> object:
        return ("127.0.0.1", 1) if name in ("peername", "sockname") else default

    def get_write_buffer_size(self) -> int:
        return 0

    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...
    def write_eof(self) -> None: ...


async def exchange(kind: type[HttpToolsProtocol], app: ASGIApp, *parts: bytes) -> Wire:
    """Send the parts of a request to the application, and return what came back."""
    config = uvicorn.Config(
        app, http=kind, ws="none", lifespan="off", log_config=None, server_header=False,
        proxy_headers=False, interface="asgi3", date_header=False,
    )  # fmt: skip
    config.load()
    state = ServerState()
    protocol, wire = kind(config=config, server_state=state, app_state={}), Wire()
    protocol.connection_made(wire)  # type: ignore[arg-type]
    for part in parts:
        protocol.data_received(part)
    while state.tasks:
        await asyncio.gather(*state.tasks)
        await asyncio.sleep(0)
    protocol.connection_lost(None)
    return wire


async def both(app: ASGIApp, *parts: bytes) -> tuple[Wire, Wire]:
    """Return what uvicorn answers and what we do, after checking that it is the same."""
    theirs = await exchange(HttpToolsProtocol, app, *parts)
    ours = await exchange(BoundedProtocol, app, *parts)
    assert b"".join(ours.pieces) == b"".join(theirs.pieces)
    assert ours.closed == theirs.closed
    return theirs, ours


def answering(*messages: Message) -> ASGIApp:
    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        for message in messages:
            await send(dict(message))

    return app


def start(*headers: tuple[bytes, bytes], status: int = 200) -> Message:
    return {"type": START, "status": status, "headers": headers}


def body(data: bytes = b"done", more: bool = False) -> Message:
    return {"type": BODY, "body": data, "more_body": more}


def request(method: str = "GET", version: str = "1.1", *headers: str) -> bytes:
    lines = [f"{method} /a HTTP/{version}", "host: x", *headers]
    return "\r\n".join([*lines, "", ""]).encode()


GET = request()


async def test_an_answer_is_one_piece() -> None:
    theirs, ours = await both(answering(start(LENGTH), body()), GET)
    assert len(theirs.pieces) == 2
    assert len(ours.pieces) == 1


@pytest.mark.parametrize(
    "messages",
    [
        (start(status=204), body(b"")),
        (start(status=304), body(b"")),
        (start(), body()),
        (start((b"X-Mixed", b"Case"), LENGTH), body()),
        (start(LENGTH), body(b"do", more=True), body(b"ne")),
        (start(), body(b"do", more=True), body(b"ne")),
        (start((b"transfer-encoding", b"chunked")), body()),
        (start(LENGTH, (b"connection", b"close")), body()),
        (start((b"content-length", b"0")), body(b"")),
        (start((b"content-length", b"0")), {"type": BODY}),
    ],
)
@pytest.mark.parametrize(
    "sent",
    [GET, request("HEAD"), request("GET", "1.0"), request("GET", "1.1", "connection: close")],
)
async def test_every_kind_of_answer_is_uvicorns(messages: tuple[Message, ...], sent: bytes) -> None:
    await both(answering(*messages), sent)


@pytest.mark.parametrize(
    "header",
    [
        (b"x", b"a\r\nset-cookie: evil"),
        (b"x", b"a\nb"),
        (b"x", b"a\x00"),
        (b"x\r\ny", b"a"),
        (b"x y", b"a"),
        (b"x:", b"a"),
    ],
)
async def test_a_header_that_would_be_two_is_never_written(header: tuple[bytes, bytes]) -> None:
    ours = await exchange(BoundedProtocol, answering(start(LENGTH, header), body()), GET)
    assert not ours.pieces
    assert ours.closed


@pytest.mark.parametrize("length", [b"3", b"5"])
async def test_a_wrong_length_ends_the_connection(length: bytes) -> None:
    app = answering(start((b"content-length", length)), body())
    assert (await exchange(BoundedProtocol, app, GET)).closed


async def test_what_fails_before_its_body_is_an_error() -> None:
    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send(start(LENGTH))
        raise RuntimeError

    ours = await exchange(BoundedProtocol, app, GET)
    assert b"".join(ours.pieces).startswith(b"HTTP/1.1 500 ")
    for messages in ((), (start(LENGTH),)):
        ours = await exchange(BoundedProtocol, answering(*messages), GET)
        assert b"".join(ours.pieces).startswith(b"HTTP/1.1 500 ")


async def test_what_fails_in_its_body_ends_the_connection() -> None:
    ours = await exchange(BoundedProtocol, answering(start(), body(more=True)), GET)
    assert b"".join(ours.pieces).startswith(b"HTTP/1.1 200 ")
    assert ours.closed


URLS = st.one_of(
    st.text(st.sampled_from("/ab?&=%2fc#.;"), max_size=12).map("/".__add__),
    st.sampled_from(["http://x/a?b", "http://x", "//x/a", "*", "/%41%zz"]),
)


@given(url=URLS, headers=st.lists(st.sampled_from(["A: b", "expect: 100-continue", "c:", "D: é"])))
async def test_an_application_is_told_the_same(url: str, headers: list[str]) -> None:
    seen: list[dict[str, Any]] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        told = {name: value for name, value in scope.items() if name != "state"}
        seen.append(told | {"body": (await receive())["body"]})
        await send(start(LENGTH))
        await send(body())

    lines = [f"POST {url} HTTP/1.1", "host: x", "content-length: 3", *headers]
    head = "\r\n".join([*lines, "", ""]).encode("latin-1")
    for kind in (HttpToolsProtocol, BoundedProtocol):
        await exchange(kind, app, head[:20], head[20:] + b"ab", b"c")
    assert seen[: len(seen) // 2] == seen[len(seen) // 2 :]


async def test_an_answer_waits_for_the_one_before_it() -> None:
    async def app(scope: Scope, _receive: Receive, send: Send) -> None:
        number = int(scope["path"][1:])
        await asyncio.sleep(0)
        await send(start(LENGTH))
        await send(body(b"%04d" % number))

    requests = b"".join(GET.replace(b"/a", b"/%d" % number) for number in range(3))
    _, ours = await both(app, requests)
    assert [piece[-4:] for piece in ours.pieces] == [b"0000", b"0001", b"0002"]
