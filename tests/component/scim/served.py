"""The SCIM surface on a port, and clients of it that misbehave."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import httpx

from chassis.http import http_loop, listen
from component.scim.harness import CONTENT_TYPE, Client, Surface, open_surface

BODY_BYTES = 1_900_000


@dataclass
class Served:
    """The surface on a port, and clients that hold what they have begun."""

    surface: Surface
    port: int
    writers: list[asyncio.StreamWriter] = field(default_factory=list)

    async def hold_body(self, client: Client, token: str, *, last: bool = False) -> bytes:
        """Send a large body but its last byte; return what was answered at once, if anything."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.writers.append(writer)
        head = (
            f"POST {client.base}/Users HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n"
            f"content-type: {CONTENT_TYPE}\r\ncontent-length: {BODY_BYTES}\r\n\r\n"
        )
        body = b'{"userName":"ann@example.com"}'.ljust(BODY_BYTES)
        writer.write(head.encode())
        await writer.drain()
        writer.write(body if last else body[:-1])
        try:
            async with asyncio.timeout(2):
                return await reader.readline()
        except TimeoutError:
            return b""

    async def close(self) -> None:
        for writer in self.writers:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()


def on_the_socket(client: Client, served: Served, http: httpx.AsyncClient) -> Client:
    http.base_url = httpx.URL(f"http://127.0.0.1:{served.port}")
    return Client(client.tenant, client.token, http)


@asynccontextmanager
async def serve_surface(dsn: str) -> AsyncIterator[Served]:
    """Serve a surface on a free port."""
    async with open_surface(dsn) as surface:
        listening = listen("127.0.0.1", 0, variable="PORT")
        loop = http_loop(surface.scim.app, listening, name="http", grace=1)
        running = asyncio.ensure_future(loop.run())
        served = Served(surface, listening.getsockname()[1])
        yield served
        await served.close()
        assert loop.stop is not None
        loop.stop()
        await running
