"""A load client that costs little: HTTP/1.1 keep-alive on raw asyncio, requests built beforehand.

It understands only what the measured servers send: a status line and a Content-Length.
"""

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import cast

CONCURRENCY = 16
ANSWER_WITHIN = 20.0


@dataclass(slots=True)
class Load:
    """What a batch of requests came to."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    failures: list[tuple[int, bytes]] = field(default_factory=list)

    @property
    def count(self) -> int:
        return len(self.latencies)

    def add(self, other: "Load") -> None:
        self.seconds += other.seconds
        self.latencies += other.latencies
        self.bodies += other.bodies
        self.failures += other.failures


class Connection(asyncio.Protocol):
    """One keep-alive connection with one request on the way at a time."""

    def __init__(self) -> None:
        self._buffer = b""
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionResetError("the server closed the connection"))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, separator, rest = self._buffer.partition(b"\r\n\r\n")
        if not separator or len(rest) < _length(head):
            return
        self._buffer = b""
        if self._answer is not None and not self._answer.done():
            self._answer.set_result((int(head[9:12]), rest))

    async def exchange(self, request: bytes) -> tuple[int, bytes]:
        if self._transport is None:
            raise ConnectionResetError("not connected")
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


def _length(head: bytes) -> int:
    lower = head.lower()
    at = lower.find(b"content-length:")
    if at < 0:
        return 0
    return int(lower[at + 15 :].partition(b"\r\n")[0])


class Client:
    """A few connections to one server."""

    def __init__(self, host: str, port: int, *, token: str = "", prefix: str = "") -> None:
        self.host, self.port, self.prefix = host, port, prefix
        self._head = f"Host: {host}:{port}\r\nAuthorization: Bearer {token}\r\n".encode()
        self.connections: list[Connection] = []

    async def __aenter__(self) -> "Client":
        loop = asyncio.get_running_loop()
        for _ in range(CONCURRENCY):
            _, connection = await loop.create_connection(Connection, self.host, self.port)
            self.connections.append(connection)
        return self

    async def __aexit__(self, *_: object) -> None:
        for connection in self.connections:
            connection.close()

    def request(self, method: str, path: str, body: bytes = b"") -> bytes:
        """Build a request; building is no part of the measured time."""
        head = f"{method} {self.prefix}{path} HTTP/1.1\r\n".encode() + self._head
        if not body:
            return head + b"\r\n"
        length = str(len(body)).encode()
        media_type = b"Content-Type: application/scim+json; charset=utf-8\r\n"
        return b"%s%sContent-Length: %s\r\n\r\n%s" % (head, media_type, length, body)

    async def send(self, requests: Sequence[bytes], *, within: float = 60) -> Load:
        """Send all requests, sixteen at a time, or as many as the time allows."""
        load = Load()
        waiting = iter(requests)
        started = time.perf_counter()
        deadline = started + within
        async with asyncio.TaskGroup() as tasks:
            for connection in self.connections:
                tasks.create_task(_work(connection, waiting, load, deadline))
        load.seconds = time.perf_counter() - started
        return load

    async def one(self, request: bytes) -> tuple[int, bytes]:
        """Send one request."""
        async with asyncio.timeout(ANSWER_WITHIN):
            return await self.connections[0].exchange(request)


async def _work(
    connection: Connection, waiting: Iterator[bytes], load: Load, deadline: float
) -> None:
    clock = time.perf_counter
    for request in waiting:
        started = clock()
        if started > deadline:
            return
        async with asyncio.timeout(ANSWER_WITHIN):
            status, body = await connection.exchange(request)
        load.latencies.append(clock() - started)
        if 200 <= status < 300:
            load.bodies.append(body)
        else:
            load.failures.append((status, body))
