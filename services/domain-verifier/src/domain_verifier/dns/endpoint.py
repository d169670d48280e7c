"""Addresses of resolvers, as settings write them."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

DNS_PORT = 53


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An IP address and a port; never a host name, for who would resolve it."""

    host: str
    port: int = DNS_PORT

    @classmethod
    def parse(cls, text: str) -> Endpoint:
        """Read `192.0.2.1`, `192.0.2.1:5353`, `2001:db8::1` or `[2001:db8::1]:5353`."""
        stripped = text.strip()
        host, port = stripped, str(DNS_PORT)
        if stripped.startswith("["):
            host, _, after = stripped[1:].partition("]")
            port = after.removeprefix(":") or port
        elif stripped.count(":") == 1:
            host, _, port = stripped.partition(":")
        try:
            address = ipaddress.ip_address(host)
            number = int(port)
        except ValueError as error:
            raise ValueError(f"{text!r} is not an IP address with an optional port") from error
        if not 0 < number < 65536:
            raise ValueError(f"{text!r} has a port outside 1 to 65535")
        return cls(str(address), number)

    @property
    def is_private(self) -> bool:
        """Whether it is on this host or in a private network (RFC 1918, RFC 4193)."""
        return ipaddress.ip_address(self.host).is_private

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DNS_PORT else f"{host}:{self.port}"
