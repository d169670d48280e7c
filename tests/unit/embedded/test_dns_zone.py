"""When the sandbox's zone stands in for resolvers, and what services are told of it."""

from pathlib import Path

import pytest

from embedded.dns_zone import DnsZone, needs_zone
from embedded.options import Options
from embedded.services import SERVICES

VERIFIER = next(service for service in SERVICES if service.name == "domain-verifier")
OTHERS = [service for service in SERVICES if service is not VERIFIER]
RESOLVERS = "DOMAIN_VERIFIER_DNS_RESOLVERS"


@pytest.fixture
def options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Options:
    for name in (RESOLVERS, "ENVIRONMENT"):
        monkeypatch.delenv(name, raising=False)
    return Options(tmp_path)


def test_a_zone_is_needed_only_where_a_service_has_no_resolvers(
    options: Options, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert needs_zone(options, SERVICES)
    assert not needs_zone(options, OTHERS)
    monkeypatch.setenv(RESOLVERS, "192.0.2.1,192.0.2.2")
    assert not needs_zone(options, SERVICES)


@pytest.mark.parametrize("environment", ["test", "production"])
def test_outside_development_missing_resolvers_stay_missing(
    options: Options, monkeypatch: pytest.MonkeyPatch, environment: str
) -> None:
    monkeypatch.setenv("ENVIRONMENT", environment)
    assert not needs_zone(options, SERVICES)


def test_only_services_that_ask_dns_are_told_of_the_zone() -> None:
    zone = DnsZone("test", "127.0.0.1:1,127.0.0.1:2", "http://127.0.0.1:3")
    told = zone.settings_for(VERIFIER)
    assert told[RESOLVERS] == "127.0.0.1:1,127.0.0.1:2"
    assert told["DOMAIN_VERIFIER_TEST_ZONES"] == "test"
    assert [zone.settings_for(service) for service in OTHERS] == [{}] * len(OTHERS)
