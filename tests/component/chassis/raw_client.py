"""A client at the socket that says exactly what it is told to."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

WITHIN = 10.0
"""Seconds that a server may take for anything."""


class Connection:
    """What was said and answered on one connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def say(self, data: bytes) -> None:
        self._writer.write(data)
        await asyncio.wait_for(self._writer.drain(), WITHIN)

    async def say_until_answered(self, data: bytes, most: int) -> int:
        """Say the same again and again, at most so many times, and return the status of the answer.

        Once it has answered, the server may close at any time: what is said then may fail.
        """
        answer = asyncio.ensure_future(self.status())
        with suppress(ConnectionError):
            for _ in range(most):
                if answer.done():
                    break
                await self.say(data)
        return await answer

    async def status(self) -> int:
        line = await asyncio.wait_for(self._reader.readline(), WITHIN)
        return int(line.split()[1])

    async def answer(self) -> int:
        """Return the status of an answer with a length, having read it."""
        head = await asyncio.wait_for(self._reader.readuntil(b"\r\n\r\n"), WITHIN)
        length = head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]
        await asyncio.wait_for(self._reader.readexactly(int(length)), WITHIN)
        return int(head.split()[1])

    async def closed(self, within: float = WITHIN) -> bool:
        """Wait until the server has ended the connection."""
        try:
            return await asyncio.wait_for(self._reader.read(), within) is not None
        except ConnectionError:
            return True


@asynccontextmanager
async def connection(port: int) -> AsyncIterator[Connection]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield Connection(reader, writer)
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
