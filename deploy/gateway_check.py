"""Tries the gateway as a stranger would: slow and endless heads, huge bodies, hidden paths.

usage: gateway_check.py HOST PORT. Prints a line for each try; exits 1 if one went wrong.
"""

import contextlib
import socket
import sys
import time
from collections.abc import Callable

PATIENCE = 20.0
"""Seconds within which the gateway must have ended what does not end by itself."""
HIDDEN = ("/metrics", "/health/ready", "/health/live", "/scim/../metrics", "/docs", "/openapi.json")


def main() -> int:
    """Run all tries."""
    address = (sys.argv[1], int(sys.argv[2]))
    failed = 0
    for name, holds in TRIES.items():
        begun = time.monotonic()
        good = holds(address)
        print(f"{'well' if good else 'WRONG'}: {name} ({time.monotonic() - begun:.1f} s)")
        failed += not good
    return int(failed > 0)


def half_a_head_is_cut_off(address: tuple[str, int]) -> bool:
    """Say half a head and wait."""
    with socket.create_connection(address, PATIENCE) as client:
        client.sendall(b"GET /scim/v2 HTTP/1.1\r\nhost: x\r\n")
        return _ended(client)


def an_endless_head_is_refused(address: tuple[str, int]) -> bool:
    """Say a header of a mebibyte."""
    head = b"GET /scim/v2 HTTP/1.1\r\nhost: x\r\nx: "
    return _status(address, head + b"a" * 2**20) in (431, 400, 0)


def a_huge_body_is_refused(address: tuple[str, int]) -> bool:
    """Announce a body of a gibibyte and send five mebibytes of it."""
    head = b"POST /scim/v2/x/Users HTTP/1.1\r\nhost: x\r\ncontent-length: 1073741824\r\n\r\n"
    return _status(address, head + b"a" * (5 * 2**20)) in (401, 413)


def what_is_not_for_the_world_is_not_there(address: tuple[str, int]) -> bool:
    """Ask for metrics, health and documentation."""
    return all(
        _status(address, f"GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".encode())
        in (400, 401, 404)
        for path in HIDDEN
    )


def _status(address: tuple[str, int], request: bytes) -> int:
    """Return the status of the answer; 0 if the connection ended without one, -1 if none came."""
    with socket.create_connection(address, PATIENCE) as client:
        with contextlib.suppress(OSError):
            client.sendall(request)
        try:
            line = client.recv(64)
        except TimeoutError:
            return -1
        except OSError:
            return 0
    return int(line.split()[1]) if line.startswith(b"HTTP/") else 0


def _ended(client: socket.socket) -> bool:
    client.settimeout(PATIENCE)
    try:
        while client.recv(4_096):
            pass
    except TimeoutError:
        return False
    except OSError:
        return True
    return True


TRIES: dict[str, Callable[[tuple[str, int]], bool]] = {
    "half a head is cut off": half_a_head_is_cut_off,
    "a header without end is refused": an_endless_head_is_refused,
    "a huge body is refused": a_huge_body_is_refused,
    "metrics, health and documentation are not there": what_is_not_for_the_world_is_not_there,
}


if __name__ == "__main__":
    sys.exit(main())
