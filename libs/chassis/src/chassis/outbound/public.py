"""Which IP addresses are on the public internet.

The standard library's `is_global` differs between Python's versions and says nothing of IPv6
addresses that lead to an IPv4 address inside them; both are settled here.
"""

from ipaddress import (
    IPv4Address,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

Address = IPv4Address | IPv6Address

_NOT_PUBLIC = tuple(
    ip_network(each)
    for each in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
_PUBLIC_IPV6 = ip_network("2000::/3")
_NOT_PUBLIC_IPV6 = tuple(ip_network(each) for each in ("2001::/23", "2001:db8::/32", "3fff::/20"))
_IPV4_INSIDE: tuple[tuple[IPv6Network, int], ...] = (
    (IPv6Network("::ffff:0:0/96"), 0),  # mapped
    (IPv6Network("::ffff:0:0:0/96"), 0),  # translated (RFC 7915)
    (IPv6Network("64:ff9b::/96"), 0),  # NAT64
    (IPv6Network("2002::/16"), 80),  # 6to4
)
"""Networks of IPv6 whose addresses hold one of IPv4, so many bits from the end."""


def is_public(text: str) -> bool:
    """Tell whether an IP address, as a resolver gives it, is one of the public internet."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, IPv4Address):
        return _is_public_ipv4(address)
    if "%" in text:
        return False  # A zone: it is of one link alone.
    inside = _ipv4_inside(address)
    if inside is not None:
        return _is_public_ipv4(inside)
    return address in _PUBLIC_IPV6 and not any(address in each for each in _NOT_PUBLIC_IPV6)


def _is_public_ipv4(address: IPv4Address) -> bool:
    return not any(address in each for each in _NOT_PUBLIC)


def _ipv4_inside(address: IPv6Address) -> IPv4Address | None:
    for network, bits in _IPV4_INSIDE:
        if address in network:
            return IPv4Address(int(address) >> bits & 0xFFFFFFFF)
    return None


def is_loopback(text: str) -> bool:
    """Tell whether an IP address is this machine's own."""
    try:
        return ip_address(text).is_loopback
    except ValueError:
        return False
