"""One request and its answer: uvicorn's, with whole answers written at once.

uvicorn writes an answer's head when it is told of it and checks every header by two expressions.
Most answers here are one head and one body: those go out as one piece, checked as one. Whatever is
sent in pieces, or without its length, goes uvicorn's way.
"""

from collections.abc import Callable

from starlette.types import ASGIApp, Message
from uvicorn.protocols.http.httptools_impl import (
    HEADER_RE,
    STATUS_LINE,
    RequestResponseCycle,
)

_CONTROLS = bytes({*range(9), *range(10, 32), 127})
_BODILESS = frozenset({204, 304})
_START = "http.response.start"

_SAYS_HOW = frozenset({b"connection", b"transfer-encoding"})

_plain_names: dict[bytes, bool] = {}
"""Names of headers that have been looked at, with whether they can be written as they are."""
_MOST_NAMES = 500


class Cycle(RequestResponseCycle):
    """A request that is being answered."""

    _start: Message | None = None
    """The head of an answer, until the body comes."""
    done: Callable[[], None] | None = None
    """Called when the application has ended, in whatever way."""

    async def run_asgi(self, app: ASGIApp) -> None:  # type: ignore[override]
        """Run the application, which must answer."""
        try:
            await app(self.scope, self.receive, self.send)  # type: ignore[arg-type]
        except BaseException as error:
            self.logger.error("Exception in ASGI application\n", exc_info=error)
            await self._end_badly()
        else:
            if not self.response_complete and not self.disconnected:
                self.logger.error("ASGI callable returned without completing response.")
                await self._end_badly()
        finally:
            self.on_response = _nothing
            if self.done is not None:
                self.done()

    async def _end_badly(self) -> None:
        self._start = None
        if self.response_started:
            self.transport.close()
        else:
            await self.send_500_response()

    async def send(self, message: Message) -> None:  # type: ignore[override]
        """Take a message of an answer; a head waits for its body."""
        start = self._start
        if start is None:
            if message["type"] == _START and not self.response_started:
                self._start = message
            else:
                await super().send(message)  # type: ignore[arg-type]
            return
        self._start = None
        whole = self._whole(start, message)
        if whole is None:
            await super().send(start)  # type: ignore[arg-type]
            await super().send(message)  # type: ignore[arg-type]
            return
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if self.disconnected:
            return
        self.response_started = self.response_complete = True
        self.transport.write(whole)
        self.message_event.set()
        if not self.keep_alive:
            self.transport.close()
        self.on_response()

    def _whole(self, start: Message, message: Message) -> bytes | None:
        """Return an answer in one piece, None unless that is all there is to it."""
        if (
            message["type"] != "http.response.body"
            or message.get("more_body", False)
            or self.scope["method"] == "HEAD"
        ):
            return None
        status: int = start["status"]
        body: bytes = message.get("body", b"")
        length = b"0" if status in _BODILESS else b""
        parts = [STATUS_LINE[status]]
        for name, value in (*self.default_headers, *start.get("headers", ())):
            if not (_plain_names.get(name) or _is_plain(name)):
                return None
            if name == b"content-length":
                length = value
            parts += (name, b": ", value, b"\r\n")
        values = b"".join(parts[3::4])
        if length != b"%d" % len(body) or values.translate(None, _CONTROLS) != values:
            return None
        parts += (b"\r\n" if self.keep_alive else b"connection: close\r\n\r\n", body)
        return b"".join(parts)


def _is_plain(name: bytes) -> bool:
    """Tell whether a header can be written as it is, and remember it."""
    plain = name.islower() and not HEADER_RE.search(name) and name not in _SAYS_HOW
    if len(_plain_names) < _MOST_NAMES:
        _plain_names[name] = plain
    return plain


def _nothing() -> None:
    pass
