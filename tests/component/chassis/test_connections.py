"""Strangers at the socket: heads without end, halves held back, answers that nobody reads."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from chassis.http import create_app, http_loop, listen
from chassis.http.protocol import HEAD_BYTES, HEADERS, MOST_PIPELINED, BoundedProtocol
from component.chassis.raw_client import WITHIN, connection

SECONDS = 0.3
KEPT_ALIVE = 2
"""Seconds that an idle connection is kept."""
IDLE = 500
ANSWER = b"x" * 30_000_000
HEAD = b"GET /hot HTTP/1.1\r\nhost: x\r\n"


class ImpatientProtocol(BoundedProtocol):
    head_seconds = drain_seconds = write_seconds = SECONDS

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.timeout_keep_alive = KEPT_ALIVE
        super().connection_made(transport)


async def hot(request: Request) -> Response:
    if request.method == "POST" and "read" in request.query_params:
        await request.body()
    return Response("done")


async def big(_request: Request) -> Response:
    return Response(ANSWER)


@pytest.fixture
async def port() -> AsyncIterator[int]:
    app = create_app("connections")
    app.router.routes.append(Route("/hot", hot, methods=["GET", "POST"]))
    app.router.routes.append(Route("/big", big))
    listening = listen("127.0.0.1", 0, variable="PORT")
    loop = http_loop(app, listening, name="http", grace=1, protocol=ImpatientProtocol)
    running = asyncio.ensure_future(loop.run())
    yield listening.getsockname()[1]
    assert loop.stop is not None
    loop.stop()
    await running


async def test_a_usual_request_is_answered_and_the_next_one_too(port: int) -> None:
    async with connection(port) as client:
        for _ in range(2):
            await client.say(HEAD + b"\r\n")
            assert await client.answer() == 200


async def test_a_header_without_end_is_refused(port: int) -> None:
    async with connection(port) as client:
        await client.say(HEAD + b"x-endless: ")
        most = HEAD_BYTES // 8_192 + 1
        assert await client.say_until_answered(b"a" * 8_192, most) == 431
        assert await client.closed()


async def test_a_head_of_many_long_headers_is_refused(port: int) -> None:
    lines = b"".join(b"x-%d: %s\r\n" % (number, b"a" * 1_000) for number in range(70))
    async with connection(port) as client:
        await client.say(HEAD + lines + b"\r\n")
        assert await client.status() == 431


async def test_a_head_of_almost_64_kib_is_taken(port: int) -> None:
    lines = b"".join(b"x-%d: %s\r\n" % (number, b"a" * 1_000) for number in range(60))
    async with connection(port) as client:
        await client.say(HEAD + lines + b"\r\n")
        assert await client.answer() == 200


async def test_more_than_a_hundred_headers_are_refused(port: int) -> None:
    for count, status in ((HEADERS - 1, 200), (HEADERS, 431), (40_000, 431)):
        async with connection(port) as client:
            await client.say(HEAD + b"a: 1\r\n" * count + b"\r\n")
            assert await client.status() == status


async def test_trailers_are_counted_like_headers(port: int) -> None:
    head = (
        b"POST /hot?read HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n"
    )
    async with connection(port) as client:
        await client.say(head + b"a: 1\r\n" * HEADERS)
        assert await client.status() == 431
    async with connection(port) as client:
        await client.say(head + b"a: ")
        # What one read brings together with the body (256 KiB at most) is not counted.
        most = (262_144 + HEAD_BYTES) // 8_192 + 1
        assert await client.say_until_answered(b"a" * 8_192, most) == 431


async def test_half_a_head_is_not_waited_for_for_ever(port: int) -> None:
    async with connection(port) as client:
        await client.say(HEAD)
        assert await client.status() == 408
        assert await client.closed()


async def test_half_a_second_head_is_not_waited_for_for_ever(port: int) -> None:
    async with connection(port) as client:
        await client.say(HEAD + b"\r\n")
        assert await client.answer() == 200
        await client.say(HEAD)
        assert await client.status() == 408


async def test_a_head_that_comes_in_time_in_pieces_is_taken(port: int) -> None:
    async with connection(port) as client:
        for piece in (HEAD[:9], HEAD[9:], b"\r\n"):
            await client.say(piece)
            await asyncio.sleep(SECONDS / 6)
        assert await client.answer() == 200
        await asyncio.sleep(SECONDS * 2)
        await client.say(HEAD + b"\r\n")
        assert await client.answer() == 200


async def test_a_body_that_nobody_wanted_is_not_waited_for_for_ever(port: int) -> None:
    head = b"POST /nowhere HTTP/1.1\r\nhost: x\r\ncontent-length: 3000000\r\n\r\n"
    async with connection(port) as client:
        await client.say(head)
        assert await client.answer() == 413
        assert await client.closed()


async def test_after_a_body_that_nobody_wanted_comes_the_next_request(port: int) -> None:
    head = b"POST /nowhere HTTP/1.1\r\nhost: x\r\ncontent-length: 3000000\r\n\r\n"
    async with connection(port) as client:
        await client.say(head)
        assert await client.answer() == 413
        await client.say(b"a" * 3_000_000)
        await asyncio.sleep(SECONDS * 2)
        await client.say(HEAD + b"\r\n")
        assert await client.answer() == 200


async def test_an_answer_that_nobody_reads_ends_its_connection(port: int) -> None:
    loop = asyncio.get_running_loop()
    for head in (b"GET /big HTTP/1.1\r\nhost: x\r\n", b"GET /big HTTP/1.0\r\n"):
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.setblocking(False)
            await loop.sock_sendall(client, head + b"\r\n")
            await asyncio.sleep(SECONDS * 3)
            assert await _rest(client) < len(ANSWER)


async def _rest(client: socket.socket) -> int:
    """Read to the end, or until the connection breaks; return how many bytes that were."""
    got = 0
    with suppress(ConnectionError):
        loop = asyncio.get_running_loop()
        while data := await asyncio.wait_for(loop.sock_recv(client, 1_000_000), WITHIN):
            got += len(data)
    return got


async def test_an_answer_that_is_read_slowly_arrives(port: int) -> None:
    loop = asyncio.get_running_loop()
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.setblocking(False)
        await loop.sock_sendall(
            client, b"GET /big HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
        )
        got = 0
        while data := await asyncio.wait_for(loop.sock_recv(client, 1_000_000), WITHIN):
            got += len(data)
            await asyncio.sleep(SECONDS / 10)
        assert got > len(ANSWER)


async def test_what_cannot_be_parsed_is_refused_after_what_could(port: int) -> None:
    async with connection(port) as client:
        await client.say(HEAD + b"\r\nno such thing\r\n\r\n")
        assert await client.answer() == 200
        assert await client.closed()
    async with connection(port) as client:
        await client.say(b"no such thing\r\n\r\n")
        assert await client.status() == 400


async def test_a_client_that_never_waits_for_answers_is_refused(port: int) -> None:
    async with connection(port) as client:
        await client.say((HEAD + b"\r\n") * 1_000)
        answered = 0
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while await client.answer() == 200:
                answered += 1
        assert 0 < answered <= 2 * MOST_PIPELINED


async def test_a_blank_line_keeps_no_connection(port: int) -> None:
    async with connection(port) as client:
        await client.say(b"\r\n")
        assert await client.closed(KEPT_ALIVE + WITHIN)


async def test_five_hundred_idle_connections_hinder_nobody_and_end(port: int) -> None:
    async with AsyncExitStack() as stack:
        idle = [await stack.enter_async_context(connection(port)) for _ in range(IDLE)]
        # Half of them have been answered before.
        for client in idle[::2]:
            await client.say(HEAD + b"\r\n")
            assert await client.answer() == 200
        async with connection(port) as other:
            for _ in range(20):
                await other.say(HEAD + b"\r\n")
                assert await other.answer() == 200
        assert all(await asyncio.gather(*(client.closed(KEPT_ALIVE + WITHIN) for client in idle)))
