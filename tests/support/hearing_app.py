"""An app that hears of the end of sessions: what was posted to it, and what it answers."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs


@dataclass
class HearingApp:
    """Answers every path with what it is told to; None hangs."""

    port: int = 0
    answers: dict[str, bytes | None] = field(default_factory=dict)
    heard: list[tuple[str, str]] = field(default_factory=list)
    """Path and logout token of each request."""
    requests: list[bytes] = field(default_factory=list)
    open: dict[str, int] = field(default_factory=dict)
    most: dict[str, int] = field(default_factory=dict)
    """How many requests a path had at once, at most."""
    talks: set[asyncio.Task[object]] = field(default_factory=set)

    def uri(self, path: str) -> str:
        """Return the address of a path."""
        return f"http://127.0.0.1:{self.port}{path}"

    def answer(self, path: str, status: int | None) -> None:
        """Let a path answer with a status; None: not at all."""
        line = f"HTTP/1.1 {status} x\r\nLocation: {self.uri('/elsewhere')}\r\n"
        body = f"{line}Content-Length: 0\r\n\r\n".encode()
        self.answers[path] = None if status is None else body

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.talks.add(task)
        try:
            await self._talk(reader, writer)
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass
        finally:
            self.talks.discard(task)
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        body = await reader.readexactly(length)
        path = head.split(b" ")[1].decode()
        self.requests.append(head + body)
        self.heard.append((path, parse_qs(body.decode())["logout_token"][0]))
        self.open[path] = self.open.get(path, 0) + 1
        self.most[path] = max(self.most.get(path, 0), self.open[path])
        try:
            answer = self.answers.get(path, b"HTTP/1.1 204 No Content\r\n\r\n")
            if answer is None:
                await reader.read()
            else:
                writer.write(answer)
                await writer.drain()
        finally:
            self.open[path] -= 1


@asynccontextmanager
async def hearing_app() -> AsyncIterator[HearingApp]:
    """Run the app on a port of its own."""
    app = HearingApp()
    server = await asyncio.start_server(app.serve, "127.0.0.1", 0)
    app.port = server.sockets[0].getsockname()[1]
    try:
        yield app
    finally:
        server.close()
        talks = list(app.talks)
        for talk in talks:
            talk.cancel()
        await asyncio.gather(*talks, return_exceptions=True)
