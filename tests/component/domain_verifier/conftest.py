"""Fixtures of the domain verifier's component tests: real DNS servers."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.dns_probing import Zone
from support.dns_servers import DnsServers


@pytest.fixture(scope="session")
def dns_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DnsServers]:
    """Start knot, two unbounds and dnsdist once."""
    directory: Path = tmp_path_factory.mktemp("dns")
    servers = DnsServers(directory)
    try:
        yield servers.start()
    finally:
        servers.stop()


@pytest.fixture
def zone(dns_servers: DnsServers) -> Zone:
    """Return hands on the zones, with names that no other test has used."""
    return Zone(dns_servers)
