"""Names to the addresses that may be asked: each is checked, and the one checked is connected to.

A name that is looked up twice may have two answers (DNS rebinding); here it is looked up once for
each connection.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass

import httpcore
from httpcore import AsyncNetworkBackend, AsyncNetworkStream

from chassis.outbound.errors import OutboundError, Problem
from chassis.outbound.public import is_loopback, is_public

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Returns the IP addresses of a host; raises OSError for none."""
MAX_ADDRESSES = 4
"""So many are tried."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What may be asked."""

    loopback: bool = False
    """Whether this machine may, also by http: in development."""
    private: bool = False
    """Whether any address may, also by a name without a dot: for what operators alone name."""


async def resolve_by_system(host: str, port: int) -> Sequence[str]:
    """Ask the operating system."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


class CheckedBackend(AsyncNetworkBackend):
    """Connects to addresses that were checked, and to no others."""

    def __init__(self, rules: Rules, resolve: Resolve) -> None:
        self._rules = rules
        self._resolve = resolve
        self._below = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> AsyncNetworkStream:
        """Connect to one of a host's addresses; one that may not be asked refuses the host."""
        try:
            addresses = await self._resolve(host, port)
        except (OSError, UnicodeError):
            raise OutboundError(Problem.NAME_UNKNOWN) from None
        if not addresses:
            raise OutboundError(Problem.NAME_UNKNOWN)
        if not all(self._may_be_asked(each) for each in addresses):
            raise OutboundError(Problem.NOT_PUBLIC)
        for address in addresses[:MAX_ADDRESSES]:
            try:
                return await self._below.connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        raise OutboundError(Problem.UNREACHABLE)

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> AsyncNetworkStream:
        """Refuse: no address of the internet is a socket here."""
        raise OutboundError(Problem.NOT_ALLOWED)

    async def sleep(self, seconds: float) -> None:
        """Wait between attempts."""
        await self._below.sleep(seconds)

    def _may_be_asked(self, address: str) -> bool:
        return (
            self._rules.private
            or is_public(address)
            or (self._rules.loopback and is_loopback(address))
        )
