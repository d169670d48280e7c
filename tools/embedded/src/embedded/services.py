"""The services of the stack: to add one, add one entry.

Each gets a database with a role of its own, an HTTP port and the settings all services share.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

SHARED_SETTINGS = (
    "LOG_LEVEL",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "TRACE_SAMPLE_RATIO",
    "KAFKA_USERNAME",
    "KAFKA_PASSWORD",
    "KAFKA_SASL_MECHANISM",
    "KAFKA_TLS",
    "KAFKA_CA_FILE",
)
"""Variables that every service reads, besides those that the stack itself decides."""


@dataclass(frozen=True, slots=True)
class Service:
    """What the supervisor must know to run a service."""

    name: str
    package: str
    """Run as `python -m <package> all`."""
    prefix: str
    """Of its environment variables."""
    port: int
    """The usual HTTP port; another is taken when it is not free."""
    secrets: tuple[str, ...] = ()
    """Variables that get a random value at the first start, and keep it."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """Other variables; `{url}` is the service's own address."""
    resolvers: str | None = None
    """The variable that names DNS resolvers; in development a sandbox zone stands in for them."""
    zone_settings: Mapping[str, str] = field(default_factory=dict)
    """Variables that are set with that zone; `{zone}` is its name."""
    entry_path: str = ""
    """The path worth showing in the table of addresses."""

    @property
    def database(self) -> str:
        """Return the name of its database and of its role."""
        return self.package

    def settings_in(self, environment: Mapping[str, str]) -> dict[str, str]:
        """Return what an environment says to this service."""
        return {
            name: value
            for name, value in environment.items()
            if value and (name.startswith(self.prefix) or name in SHARED_SETTINGS)
        }

    def variable(self, name: str) -> str:
        """Return the environment variable of one of its settings."""
        return f"{self.prefix}{name}"


SERVICES: tuple[Service, ...] = (
    Service(name="tenant-directory", package="tenant_directory", prefix="DIRECTORY_", port=8082),
    Service(
        name="scim",
        package="scim",
        prefix="SCIM_",
        port=8081,
        secrets=("SCIM_TOKEN_DIGEST_KEY",),
        settings={"SCIM_PUBLIC_URL": "{url}"},
        entry_path="/scim/v2/{tenant}",
    ),
    Service(
        name="domain-verifier",
        package="domain_verifier",
        prefix="DOMAIN_VERIFIER_",
        port=8083,
        resolvers="DOMAIN_VERIFIER_DNS_RESOLVERS",
        # Nobody changes the zone behind our back: two looks need not be a minute apart.
        zone_settings={
            "DOMAIN_VERIFIER_TEST_ZONES": "{zone}",
            "DOMAIN_VERIFIER_CONFIRM_SECONDS": "2",
        },
    ),
    Service(
        name="sso",
        package="sso",
        prefix="SSO_",
        port=8084,
        # The sandbox's identity provider is on this machine.
        settings={"SSO_PUBLIC_URL": "{url}", "SSO_METADATA_LOOPBACK": "true"},
        entry_path="/.well-known/openid-configuration",
    ),
)
