"""DNS over UDP and TCP on as many ports as wanted, all serving one zone."""

import asyncio
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import cast

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype

from dns_sandbox.zone import FaultKind, Zone

TCP_IDLE_SECONDS = 10.0
FREE_PORT_TRIES = 20
DatagramHandler = Callable[[bytes, Callable[[bytes], None]], Awaitable[None]]
"""Takes a question and what sends an answer to whoever asked."""
StreamHandler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[None, None, None]]
Accept = Callable[[asyncio.StreamReader, asyncio.StreamWriter], None]


def respond(zone: Zone, query: dns.message.Message, *, udp: bool) -> dns.message.Message:
    """Return the zone's answer, faults other than silence and delay included."""
    response = dns.message.make_response(query, recursion_available=True)
    question = query.question[0]
    fault = zone.fault_of(question.name)
    if fault is not None and fault.kind in {FaultKind.SERVFAIL, FaultKind.REFUSED}:
        failed = fault.kind is FaultKind.SERVFAIL
        response.set_rcode(dns.rcode.SERVFAIL if failed else dns.rcode.REFUSED)
        return response
    if fault is not None and fault.kind is FaultKind.TRUNCATE and udp:
        response.flags |= dns.flags.TC
        return response
    result = zone.find(question.name, question.rdtype)
    if not result.inside and not result.rrsets:
        response.set_rcode(dns.rcode.REFUSED)
        return response
    response.flags |= dns.flags.AA
    response.answer.extend(result.rrsets)
    if not result.exists:
        response.set_rcode(dns.rcode.NXDOMAIN)
    answered = any(rrset.rdtype == question.rdtype for rrset in result.rrsets)
    if not answered and result.inside:
        aliases = [rrset for rrset in result.rrsets if rrset.rdtype == dns.rdatatype.CNAME]
        denied = aliases[-1][0].target if aliases else question.name
        response.authority.append(zone.soa(denied))
    return response


async def answer(zone: Zone, wire: bytes, *, udp: bool) -> bytes | None:
    """Return the wire answer to a wire question after its delay; None for silence."""
    try:
        query = dns.message.from_wire(wire)
    except dns.exception.DNSException:
        return None
    if query.flags & dns.flags.QR or len(query.question) != 1:
        return None
    fault = zone.fault_of(query.question[0].name)
    if fault is not None and fault.kind is FaultKind.DROP:
        return None
    if fault is not None and fault.kind is FaultKind.DELAY:
        await asyncio.sleep(fault.seconds)
    response = respond(zone, query, udp=udp)
    size = max(query.payload, 512) if udp else 65535
    return response.to_wire(max_size=size, prefer_truncation=True)


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, answer: DatagramHandler) -> None:
        self._answer = answer
        self._transport: asyncio.DatagramTransport | None = None
        self._under_way: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Before Python 3.12 the transport is not declared to be a DatagramTransport.
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        def send(wire: bytes) -> None:
            if self._transport is not None:
                self._transport.sendto(wire, addr)

        task = asyncio.ensure_future(self._answer(data, send))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)


def _datagram_handler(zone: Zone) -> DatagramHandler:
    async def handle(data: bytes, send: Callable[[bytes], None]) -> None:
        wire = await answer(zone, data, udp=True)
        if wire is not None:
            send(wire)

    return handle


def _stream_handler(zone: Zone) -> StreamHandler:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(TCP_IDLE_SECONDS):
                while True:
                    [length] = struct.unpack("!H", await reader.readexactly(2))
                    wire = await answer(zone, await reader.readexactly(length), udp=False)
                    if wire is None:
                        return
                    writer.write(struct.pack("!H", len(wire)) + wire)
                    await writer.drain()
        except (TimeoutError, asyncio.IncompleteReadError, ConnectionError):
            return
        except asyncio.CancelledError:
            # The loop ends while a client is still there; asyncio 3.11 would log a traceback.
            return
        finally:
            writer.close()

    return handle


@asynccontextmanager
async def listening(
    datagrams: DatagramHandler, streams: StreamHandler, *, host: str, port: int
) -> AsyncIterator[int]:
    """Listen on one port, UDP and TCP; yields the port (0 becomes a free one)."""
    under_way: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(streams(reader, writer))
        under_way.add(task)
        task.add_done_callback(under_way.discard)

    server, transport = await _open(datagrams, accept, host, port)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        transport.close()
        server.close()
        await _end(under_way)


async def _end(under_way: set[asyncio.Task[None]]) -> None:
    # Closing a server leaves its connections: who still waits in one would outlive the loop.
    for task in under_way:
        task.cancel()
    await asyncio.gather(*under_way, return_exceptions=True)
    # The transport closes its socket in the loop's next turn.
    await asyncio.sleep(0)


async def _open(
    datagrams: DatagramHandler, streams: Accept, host: str, port: int
) -> tuple[asyncio.Server, asyncio.DatagramTransport]:
    # A port that is free for TCP may be taken by somebody else's UDP.
    tries = 1 if port else FREE_PORT_TRIES
    while True:
        server = await asyncio.start_server(streams, host, port)
        bound = server.sockets[0].getsockname()[1]
        try:
            transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
                lambda: _Datagrams(datagrams), local_addr=(host, bound)
            )
        except OSError:
            server.close()
            tries -= 1
            if not tries:
                raise
        else:
            return server, transport


@asynccontextmanager
async def serving(zone: Zone, *, host: str, ports: Sequence[int]) -> AsyncIterator[list[int]]:
    """Serve the zone on every port, UDP and TCP; yields the ports (0 becomes a free one)."""
    datagrams, streams = _datagram_handler(zone), _stream_handler(zone)
    async with AsyncExitStack() as opened:
        yield [
            await opened.enter_async_context(listening(datagrams, streams, host=host, port=port))
            for port in ports
        ]
