"""uvicorn as a loop: bounded connections, no access log, no signal handlers of its own."""

import contextlib
import socket
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

from chassis.http.protocol import BoundedProtocol
from chassis.loops import Loop, beat

BACKLOG = 2048
KEEP_ALIVE_SECONDS = 75


class StartFailed(Exception):
    """The process cannot start; the message says what to change."""


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to chassis.loops, which stops everything in order."""
        yield


def listen(host: str, port: int, *, variable: str) -> socket.socket:
    """Take the address, or say which variable to change.

    Raises:
        StartFailed: The port is taken, or the address is not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise StartFailed(
            f"Cannot listen on {host}:{port} ({error.strerror}); "
            f"stop what listens there or change {variable}."
        ) from error


def http_loop(
    app: ASGIApp,
    listening: socket.socket,
    *,
    name: str,
    grace: float,
    protocol: type[BoundedProtocol] = BoundedProtocol,
) -> Loop:
    """Return the loop that serves an application until it is stopped, then ends what it began."""
    config = uvicorn.Config(
        app,
        interface="asgi3",
        http=protocol,
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        # Nothing here asks for the client's address; believing a header about it costs a layer.
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=max(1, int(grace)),
        callback_notify=_beat,
        timeout_notify=5,
    )
    server = _Server(config)

    async def run() -> None:
        await server.serve([listening])

    def stop() -> None:
        server.should_exit = True

    return Loop(name, run, stop)


async def _beat() -> None:
    beat()
