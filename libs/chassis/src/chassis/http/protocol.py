"""One HTTP connection, bounded: a client can neither send a head without end, nor keep one open.

uvicorn's protocol bounds neither heads nor the time that a client takes for them or for reading
its answer. Each limit here costs nothing to a client that behaves: clocks start where it falters.
"""

from asyncio import Event, TimerHandle, Transport
from functools import partial
from http import HTTPStatus
from typing import cast
from urllib.parse import unquote

import httptools
from uvicorn._types import ASGI3Application, ASGIVersions
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from chassis.http.cycle import Cycle

HEAD_BYTES = 65_536
HEADERS = 100
MOST_PIPELINED = 16
"""Requests of one connection that may wait for the answers to those before them."""
HEAD_SECONDS = 10.0
DRAIN_SECONDS = 5.0
"""How long a request's body is thrown away once it has its answer, so that this can be read."""
REFUSED_SECONDS = 1.0
"""How long the same is done with what comes after a refusal."""
WRITE_SECONDS = 10.0
WRITE_BYTES = 65_536
"""How much of an answer a client must have read after that time, if it has not read all of it."""

_ASGI: ASGIVersions = {"version": "3.0", "spec_version": "2.3"}


class _HeadTooLarge(Exception):
    """Ends the parsing of a head or of trailers that are over a limit."""


class _Ambiguous(Exception):
    """Ends the parsing of a head that two servers could read differently.

    It does not say once whom it is for (RFC 9112 §3.2), or says twice on whose behalf.
    """


class _TooManyPipelined(Exception):
    """Ends the parsing of requests that nobody has waited for."""


class BoundedProtocol(HttpToolsProtocol):
    """A connection whose client is held to limits of size and time."""

    head_seconds = HEAD_SECONDS
    drain_seconds = DRAIN_SECONDS
    write_seconds = WRITE_SECONDS

    _in_head = False
    _unread = 0
    """Bytes received after the read that brought the last piece of a body or the last request."""
    _hosts = 0
    """Headers of the request that say whom it is for."""
    _authorizations = 0
    """Headers of the request that say on whose behalf it is."""
    _refused = False
    """Whether nothing that still comes is looked at."""
    _reading: TimerHandle | None = None
    """Closes the connection unless what has begun to come has come by then."""
    _writing: TimerHandle | None = None
    """Ends the connection unless some of the answer has been read by then."""
    _unsent = 0

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Begin; a client that says nothing is idle like one that has been answered."""
        super().connection_made(transport)
        self._wait_idle()

    def connection_lost(self, exc: Exception | None) -> None:
        """End, and let all clocks go."""
        super().connection_lost(exc)
        self._unset_keepalive_if_required()
        self._stop_reading_clock()
        self._stop_writing_clock()

    def data_received(self, data: bytes) -> None:
        """Parse what has come; half a head must be followed by the rest of it in time."""
        if self._refused:
            return
        self._unread += len(data)
        super().data_received(data)
        if self._refused or self.transport.is_closing():
            return
        if self._unread > HEAD_BYTES:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        elif self._in_head and self._reading is None:
            self._reading = self.loop.call_later(self.head_seconds, self._give_up)
        elif self._is_idle():
            self._wait_idle()

    def _is_idle(self) -> bool:
        """Tell whether nothing has begun, though something came, as an empty line does."""
        answered = self.cycle is None or self.cycle.response_complete
        return answered and not (self._in_head or self.pipeline or self._reading)

    def send_400_response(self, _msg: str) -> None:
        """Answer what cannot be parsed; uvicorn calls this for any error in the parsing."""
        too_large = self._too_large()
        status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE if too_large else HTTPStatus.BAD_REQUEST
        self._refuse(status)

    def on_message_begin(self) -> None:
        """Begin a request, unless its client sends on and on without waiting for answers."""
        if len(self.pipeline) >= MOST_PIPELINED:
            raise _TooManyPipelined
        self._in_head = True
        self.url = b""
        self.headers = []
        self.expect_100_continue = False
        self._hosts = self._authorizations = 0

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; trailers come here as well."""
        name = name.lower()
        self.headers.append((name, value))
        if name == b"expect":
            self.expect_100_continue = value.lower() == b"100-continue"
        elif name == b"host":
            self._hosts += 1
        elif name == b"authorization":
            self._authorizations += 1
        if len(self.headers) > HEADERS:
            raise _HeadTooLarge

    def on_headers_complete(self) -> None:
        """Start the application, unless the head alone is too large."""
        # What was counted may hold some of the body.
        if self._unread > HEAD_BYTES and self._too_large():
            raise _HeadTooLarge
        version = self.parser.get_http_version()
        hosts = self._hosts
        if hosts > 1 or (not hosts and version == "1.1") or self._authorizations > 1:
            raise _Ambiguous
        self._in_head = False
        self._stop_reading_clock()
        before, cycle = self.cycle, self._cycle(version)
        self.cycle = cycle
        if before is None or before.response_complete:
            self._start_asgi_task(cycle, self.app)
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((cycle, self.app))

    def _cycle(self, version: str) -> Cycle:
        """Make what answers the request whose head has come."""
        raw_path, query = _split_url(self.url)
        path = raw_path.decode("ascii")
        self.scope = {
            "type": "http",
            "asgi": _ASGI,
            "http_version": version,
            "server": self.server,
            "client": self.client,
            "scheme": self.scheme or "http",
            "method": self.parser.get_method().decode("ascii"),
            "root_path": "",
            "path": unquote(path) if "%" in path else path,
            "raw_path": raw_path,
            "query_string": query,
            "headers": self.headers,
            # The edge asks it whether an answer has been read.
            "state": {"flow": self.flow},
        }
        return Cycle(
            scope=self.scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=False,
            default_headers=self.server_state.default_headers,
            message_event=Event(),
            expect_100_continue=self.expect_100_continue,
            keep_alive=version != "1.0" and self.parser.should_keep_alive(),
            on_response=self.on_response_complete,
        )

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        """Answer a request; the server waits for the end of what it knows."""
        task = self.loop.create_task(cycle.run_asgi(app))
        self.tasks.add(task)
        cast("Cycle", cycle).done = partial(self.tasks.discard, task)

    def on_body(self, body: bytes) -> None:
        """Take a piece of a body."""
        self._unread = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End a request's body."""
        self._unread = 0
        super().on_message_complete()
        if self._reading is not None:
            # That was a body nobody wanted; from here on the connection is as any other.
            self._stop_reading_clock()
            self._wait_idle()

    def on_response_complete(self) -> None:
        """Wait for the next request; this one's body has to end, and its answer to be read."""
        super().on_response_complete()
        if self.transport.get_write_buffer_size():
            self._watch_writing()
        else:
            self._stop_writing_clock()
        cycle = self.cycle
        if cycle.response_complete and cycle.more_body and self._reading is None:
            self._reading = self.loop.call_later(self.drain_seconds, self._give_up)

    def pause_writing(self) -> None:
        """Note that the client reads more slowly than it is answered."""
        super().pause_writing()
        self._watch_writing()

    def resume_writing(self) -> None:
        """Note that the client has caught up."""
        super().resume_writing()
        self._stop_writing_clock()

    def timeout_keep_alive_handler(self) -> None:
        """Close an idle connection; whoever has not read its last answer will not do so now."""
        if self.transport.get_write_buffer_size():
            self.transport.abort()
        else:
            super().timeout_keep_alive_handler()

    def _too_large(self) -> bool:
        if len(self.headers) > HEADERS:
            return True
        # Each line has a colon, a blank and an end, too.
        size = sum(len(name) + len(value) + 4 for name, value in self.headers)
        return size + len(self.url) > HEAD_BYTES

    def _refuse(self, status: HTTPStatus) -> None:
        """Answer and close, but throw away for a while what comes, or the answer would get lost."""
        self._refused = True
        self._in_head = False
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete:
            if self.pipeline or cycle.response_started or not cycle.more_body:
                # Requests before this one still get their answers; the last one closes.
                cycle.keep_alive = False
                return
            cycle.disconnected = True
            cycle.message_event.set()
        self._stop_reading_clock()
        self.transport.write(_REFUSALS[status])
        self.transport.write_eof()
        self._reading = self.loop.call_later(REFUSED_SECONDS, self.transport.abort)

    def _give_up(self) -> None:
        """Close a connection whose client did not send in time what it had begun."""
        self._reading = None
        if self._in_head:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT)
        else:
            self.transport.abort()

    def _wait_idle(self) -> None:
        self._unset_keepalive_if_required()
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )

    def _stop_reading_clock(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None

    def _stop_writing_clock(self) -> None:
        if self._writing is not None:
            self._writing.cancel()
            self._writing = None

    def _watch_writing(self) -> None:
        if self._writing is None:
            self._unsent = self.transport.get_write_buffer_size()
            self._writing = self.loop.call_later(self.write_seconds, self._check_writing)

    def _check_writing(self) -> None:
        """End the connection if the client has read next to nothing since the last look."""
        self._writing = None
        unsent = self.transport.get_write_buffer_size()
        if unsent and unsent > self._unsent - WRITE_BYTES:
            self.transport.abort()
        elif unsent:
            self._watch_writing()


def _split_url(url: bytes) -> tuple[bytes, bytes]:
    """Return path and query of what a request asks for."""
    if url.startswith(b"/") and b"#" not in url:
        path, _, query = url.partition(b"?")
        return path, query
    parsed = httptools.parse_url(url)
    return parsed.path, parsed.query or b""


def _refusal(status: HTTPStatus) -> bytes:
    line = f"HTTP/1.1 {status.value} {status.phrase}\r\n"
    return f"{line}content-length: 0\r\nconnection: close\r\n\r\n".encode()


_REFUSALS = {
    status: _refusal(status)
    for status in (
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    )
}
