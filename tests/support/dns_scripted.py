"""A DNS server that says whatever a test wants, byte for byte, over UDP and TCP."""

import asyncio
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import dns.message

from dns_sandbox.server import listening

LOOPBACK = "127.0.0.1"
Send = Callable[[bytes], None]
Datagram = Callable[[dns.message.Message, Send], Awaitable[None]]
Stream = Callable[[dns.message.Message, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def scripted(datagram: Datagram, stream: Stream | None = None) -> AsyncIterator[str]:
    """Serve on a free port; yields `address:port`."""

    async def datagrams(data: bytes, send: Send) -> None:
        await datagram(dns.message.from_wire(data), send)

    async def streams(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            [length] = struct.unpack("!H", await reader.readexactly(2))
            query = dns.message.from_wire(await reader.readexactly(length))
            if stream is not None:
                await stream(query, writer)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            return
        finally:
            writer.close()

    async with listening(datagrams, streams, host=LOOPBACK, port=0) as port:
        yield f"{LOOPBACK}:{port}"
