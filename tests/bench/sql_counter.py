"""Counts SQL statements honestly: a proxy in front of PostgreSQL that reads what the server runs.

Every `Execute` and `Query` message of the frontend protocol is one statement, BEGIN and COMMIT
included, whoever sends it and however it was prepared.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

SSL_REQUEST = b"\x00\x00\x00\x08\x04\xd2\x16\x2f"
NO_SSL = b"N"


class SqlCounter:
    """Forwards connections to PostgreSQL and counts statements."""

    def __init__(self, dsn: str) -> None:
        parts = urlsplit(dsn)
        self._upstream = (parts.hostname or "127.0.0.1", parts.port or 5432)
        self._parts = parts
        self.statements = 0
        self.messages: Counter[str] = Counter()
        self.port = 0
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def dsn(self) -> str:
        """Return the address that goes through the counter."""
        user = self._parts.netloc.rpartition("@")[0]
        place = f"{user}@127.0.0.1:{self.port}" if user else f"127.0.0.1:{self.port}"
        return self._parts._replace(netloc=place).geturl()

    async def accept(self, client: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        server, forward = await asyncio.open_connection(*self._upstream)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._count(client, back, forward))
                tasks.create_task(_copy(server, back))
        except* (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            forward.close()
            back.close()

    async def _count(
        self,
        client: asyncio.StreamReader,
        back: asyncio.StreamWriter,
        forward: asyncio.StreamWriter,
    ) -> None:
        first = await self._startup(client)
        if first == SSL_REQUEST:
            back.write(NO_SSL)
            first = await self._startup(client)
        forward.write(first)
        while True:
            head = await client.readexactly(5)
            body = await client.readexactly(int.from_bytes(head[1:], "big") - 4)
            kind = chr(head[0])
            self.messages[kind] += 1
            self.statements += kind in "EQ"
            forward.write(head + body)
            await forward.drain()

    async def _startup(self, client: asyncio.StreamReader) -> bytes:
        length = await client.readexactly(4)
        return length + await client.readexactly(int.from_bytes(length, "big") - 4)


async def _copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while data := await source.read(65_536):
        sink.write(data)
        await sink.drain()
    raise ConnectionResetError("PostgreSQL closed the connection")


@asynccontextmanager
async def counting(dsn: str) -> AsyncIterator[SqlCounter]:
    """Run a counter in front of this database while the block runs."""
    counter = SqlCounter(dsn)
    server = await asyncio.start_server(counter.accept, "127.0.0.1", 0)
    counter.port = server.sockets[0].getsockname()[1]
    try:
        yield counter
    finally:
        server.close()
