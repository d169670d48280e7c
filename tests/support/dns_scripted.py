"""A DNS server that says whatever a test wants, byte for byte, over UDP and TCP."""

import asyncio
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import cast

import dns.message

from embedded.ports import free_port

LOOPBACK = "127.0.0.1"
Datagram = Callable[[dns.message.Message, Callable[[bytes], None]], Awaitable[None]]
Stream = Callable[[dns.message.Message, asyncio.StreamWriter], Awaitable[None]]


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, answer: Datagram) -> None:
        self._answer = answer
        self._transport: asyncio.DatagramTransport | None = None
        self._under_way: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        transport = self._transport
        assert transport is not None
        query = dns.message.from_wire(data)
        task = asyncio.ensure_future(self._answer(query, lambda wire: transport.sendto(wire, addr)))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)


@asynccontextmanager
async def scripted(datagram: Datagram, stream: Stream | None = None) -> AsyncIterator[str]:
    """Serve on a free port; yields `address:port`."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            [length] = struct.unpack("!H", await reader.readexactly(2))
            query = dns.message.from_wire(await reader.readexactly(length))
            if stream is not None:
                await stream(query, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        except asyncio.CancelledError:
            return
        finally:
            writer.close()

    # Below the range of outgoing connections, so free for UDP as for TCP.
    port = free_port()
    server = await asyncio.start_server(handle, LOOPBACK, port)
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: _Datagrams(datagram), local_addr=(LOOPBACK, port)
    )
    try:
        yield f"{LOOPBACK}:{port}"
    finally:
        transport.close()
        server.close()
