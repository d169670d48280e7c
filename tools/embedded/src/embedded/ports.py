"""Choosing TCP ports: the configured one or an explanation, else the usual one, else a free one.

Free ones come from below the range of outgoing connections, so nothing takes them by chance. A port
is claimed before its server listens, so that two stacks that start together never choose the same.
"""

import random
import socket

import psutil

from embedded.errors import EmbeddedError

HOST = "127.0.0.1"
FREE_RANGE = range(20_000, 32_000)


def is_free(port: int, host: str = HOST) -> bool:
    """Tell whether a server could listen there now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def claim(port: int) -> socket.socket | None:
    """Return a claim on the port among all stacks of this machine, valid until it is closed."""
    claimed = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        # An abstract name: it lives in the network namespace, like ports, and dies with its holder.
        claimed.bind(f"\0portico/port/{port}")
    except OSError:
        claimed.close()
        return None
    return claimed


def free_port(avoid: frozenset[int] = frozenset()) -> int:
    """Return a port nobody listens on."""
    for port in random.sample(FREE_RANGE, 500):
        if port not in avoid and is_free(port):
            return port
    raise EmbeddedError("No free TCP port was found between 20000 and 32000.")


def choose_port(
    *,
    setting: str,
    configured: str | None,
    usual: int,
    avoid: frozenset[int] = frozenset(),
    host: str = HOST,
) -> int:
    """Return the port to listen on; a configured one that is taken is an error, never a move."""
    if configured is None or configured == "":
        return usual if usual not in avoid and is_free(usual, host) else free_port(avoid)
    try:
        port = int(configured)
    except ValueError:
        port = -1
    if port not in range(1, 65_536):
        raise EmbeddedError(f"{setting} must be a port from 1 to 65535, not {configured!r}.")
    if port in avoid:
        raise EmbeddedError(f"{setting}={port} is also the port of another part of the stack.")
    if not is_free(port, host):
        raise EmbeddedError(
            f"Port {port} ({setting}) is taken by {_listener(port)}."
            f" Stop that, or set {setting} to another port."
        )
    return port


def _listener(port: int) -> str:
    try:
        for connection in psutil.net_connections("tcp"):
            listens = connection.status == psutil.CONN_LISTEN and connection.laddr[1:] == (port,)
            if listens and connection.pid is not None:
                process = psutil.Process(connection.pid)
                command = " ".join(process.cmdline())[:80]
                return f"{process.name()} (process {process.pid}: {command})"
    except psutil.Error:
        pass
    return "a process of another user"
