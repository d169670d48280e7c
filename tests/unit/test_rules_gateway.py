"""The gateway bounds what it takes, lets through what services take, and shows nothing inner."""

import re

import pytest
import yaml

from chassis.http.protocol import HEAD_BYTES
from chassis.settings import ChassisSettings
from support.gateway import Gateway, Upstream
from support.repository import ROOT, SERVICE_PACKAGES

GATEWAY = Gateway.read()
COMPOSE = yaml.safe_load((ROOT / "deploy/docker-compose.yml").read_text("utf-8"))["services"]
UPSTREAMS = sorted({to.service for _, to in GATEWAY.routes if to is not None})


def default(name: str) -> float:
    value: float = ChassisSettings.model_fields[name].default
    return value


def test_every_time_of_a_client_is_bounded() -> None:
    timeouts = re.search(r"timeouts \{([^}]*)\}", GATEWAY.text)
    assert timeouts is not None
    assert re.findall(r"\w+(?= \d+s)", timeouts[1]) == ["read_header", "read_body", "write", "idle"]
    assert GATEWAY.value("read_header") <= 10
    assert GATEWAY.value("idle") <= 75


def test_the_gateway_waits_for_what_a_service_may_take() -> None:
    """A request that a service would still have answered is not given up before it."""
    assert GATEWAY.value("response_header_timeout") > default("request_timeout_seconds")
    assert GATEWAY.value("write") > GATEWAY.value("response_header_timeout")
    assert GATEWAY.value("dial_timeout") <= 5


def test_sizes_are_those_of_the_services_or_a_little_more() -> None:
    assert default("max_body_bytes") <= GATEWAY.value("max_size") <= 2 * default("max_body_bytes")
    assert GATEWAY.value("max_header_size") <= HEAD_BYTES
    assert GATEWAY.value("max_response_header") <= HEAD_BYTES


def test_nothing_goes_past_the_limits() -> None:
    """`upstream` is the one way to a service, and it has the limits."""
    assert GATEWAY.text.count("reverse_proxy") == 1
    snippet = GATEWAY.text[GATEWAY.text.index("(upstream)") : GATEWAY.text.index(":8080")]
    for directive in ("reverse_proxy", "max_size", "dial_timeout", "response_header_timeout"):
        assert directive in snippet
    assert "admin off" in GATEWAY.text
    assert "trusted_proxies" not in GATEWAY.text


@pytest.mark.parametrize("service", UPSTREAMS)
def test_an_upstream_is_the_public_port_of_a_service(service: str) -> None:
    ports = {to.port for _, to in GATEWAY.routes if to is not None and to.service == service}
    environment = COMPOSE[service]["environment"]
    public = [v for k, v in environment.items() if k.endswith("_HTTP_PORT")]
    assert ports == {int(port) for port in public}
    assert service in SERVICE_PACKAGES


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/metrics",
        "/health/live",
        "/health/ready",
        "/scim",
        "/api",
        "/api/directory/tenants",
        "/docs",
        "/openapi.json",
        "/.well-known/x",
        "/oauth2",
        "/loginx",
        "/gateway/metrics",
        "/admin",
    ],
)
def test_what_is_nobodys_ends_here(path: str) -> None:
    assert GATEWAY.upstream(path) is None


def test_the_first_pattern_that_fits_is_taken() -> None:
    text = "\t@two path /b/* /c\n\thandle /a/* {\n\t\timport upstream a 1\n\t}\n"
    text += "\thandle @two {\n\t\timport upstream b 2\n\t}\n\thandle {\n\t\trespond 404\n\t}\n"
    gateway = Gateway(text)
    assert gateway.upstream("/a/x") == Upstream("a", 1)
    assert gateway.upstream("/b/x") == gateway.upstream("/c") == Upstream("b", 2)
    assert gateway.upstream("/a") is gateway.upstream("/c/x") is None
