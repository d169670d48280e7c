"""Settings of the domain verifier, read from `DOMAIN_VERIFIER_*` once at the start."""

from datetime import timedelta
from typing import Self

from pydantic import Field, field_validator, model_validator
from pydantic_settings import SettingsConfigDict

from chassis.settings import ChassisSettings, variable_of
from domain_verifier.dns.endpoint import Endpoint
from domain_verifier.dns.resolver import Timeouts
from domain_verifier.domain.name import NamePolicy, canonical
from domain_verifier.domain.policy import Policy
from domain_verifier.domain.quota import Quota
from kernel.errors import DomainError

MIN_RESOLVERS = 2
SLACK_SECONDS = 2
MIN_CONFIRM_SECONDS = 30


class Settings(ChassisSettings):
    """Everything that can be set for the domain verifier."""

    model_config = SettingsConfigDict(env_prefix="DOMAIN_VERIFIER_")

    # Admins ask seldom.
    database_pool_size: int = Field(4, ge=1, le=100)
    http_port: int = Field(8083, ge=0, le=65535)
    """TCP port of HTTP; 0 takes a free one."""
    metrics_port: int = Field(9083, ge=0, le=65535)
    """TCP port of health and metrics, in every mode; 0 takes a free one."""
    dns_resolvers: str
    """At least two DNSSEC-validating resolvers, `address` or `address:port`, comma-separated."""
    dns_trust_ad: bool = False
    """Believe the AD bit of resolvers outside private networks too, for their path is protected."""
    dns_attempt_seconds: float = Field(1.5, gt=0, le=10)
    """Seconds until a question to a resolver is sent once more."""
    dns_total_seconds: float = Field(4.0, gt=0, le=15)
    """Seconds that one resolver may take for one question, TCP included."""
    test_zones: str = ""
    """Zones under which any name can be claimed, comma-separated; not in production."""
    extra_mail_providers: str = ""
    """Domains of mail providers that the built-in lists lack, comma-separated."""
    reserved_names: str = ""
    """Names of our own that nobody claims, nor anything below them, comma-separated."""
    allowed_names: str = ""
    """Names let through in spite of the mail and private-suffix lists, comma-separated."""
    claim_days: float = Field(14.0, gt=0, le=365)
    """Days that a pending claim has to show its record."""
    confirm_seconds: float = Field(60.0, ge=0, le=3600)
    """Seconds between the two checks that a record without DNSSEC needs."""
    recheck_hours: float = Field(24.0, gt=0, le=168)
    """Hours between checks of a verified domain."""
    grace_days: float = Field(7.0, gt=0, le=90)
    """Days from the first warning until a domain without its record lapses."""
    check_concurrency: int = Field(64, ge=1, le=1000)
    """Checks that one worker runs at once."""
    lease_seconds: float = Field(60.0, ge=1, le=3600)
    """Seconds after which another worker takes over the checks of one that died."""
    claims_per_tenant: int = Field(100, ge=1)
    """Claims of one tenant that may be pending or verified."""
    claims_per_tenant_per_hour: int = Field(30, ge=1)
    """Claims that one tenant may start in an hour."""
    check_history_days: int = Field(180, ge=1, le=3650)
    """Days that the history of checks is kept."""

    @field_validator("dns_resolvers")
    @classmethod
    def _refuse_too_few_resolvers(cls, value: str) -> str:
        if len(set(_endpoints(value))) < MIN_RESOLVERS:
            raise ValueError("at least two different resolvers are needed")
        return value

    @field_validator("test_zones", "extra_mail_providers", "reserved_names", "allowed_names")
    @classmethod
    def _names(cls, value: str) -> str:
        _split(value)
        return value

    @model_validator(mode="after")
    def _no_test_zones_in_production(self) -> Self:
        if self.environment == "production" and self.test_zones:
            raise ValueError("DOMAIN_VERIFIER_TEST_ZONES must be empty in production")
        return self

    @model_validator(mode="after")
    def _two_checks_in_production(self) -> Self:
        if self.environment == "production" and self.confirm_seconds < MIN_CONFIRM_SECONDS:
            raise ValueError(
                "DOMAIN_VERIFIER_CONFIRM_SECONDS must be at least "
                f"{MIN_CONFIRM_SECONDS} in production"
            )
        return self

    @model_validator(mode="after")
    def _checks_end_in_time(self) -> Self:
        # A check sends at most three queries one after the other.
        longest = 3 * self.dns_total_seconds + SLACK_SECONDS
        for name in ("lease_seconds", "request_timeout_seconds"):
            if getattr(self, name) < longest:
                raise ValueError(
                    f"{variable_of(type(self), name)} must exceed three times "
                    f"DOMAIN_VERIFIER_DNS_TOTAL_SECONDS by at least {SLACK_SECONDS} seconds"
                )
        return self

    @property
    def endpoints(self) -> list[Endpoint]:
        """The resolvers."""
        return _endpoints(self.dns_resolvers)

    def trusts(self, endpoint: Endpoint) -> bool:
        """Tell whether a resolver's AD bit is believed."""
        return self.dns_trust_ad or endpoint.is_private

    @property
    def timeouts(self) -> Timeouts:
        """How long a resolver may take."""
        return Timeouts(attempt=self.dns_attempt_seconds, total=self.dns_total_seconds)

    @property
    def names(self) -> NamePolicy:
        """Which names can be claimed."""
        return NamePolicy(
            test_zones=_split(self.test_zones),
            mail_providers=_split(self.extra_mail_providers),
            reserved=_split(self.reserved_names),
            allowed=_split(self.allowed_names),
        )

    @property
    def policy(self) -> Policy:
        """The re-verification policy."""
        return Policy(
            claim_lifetime=timedelta(days=self.claim_days),
            confirm_after=timedelta(seconds=self.confirm_seconds),
            recheck_every=timedelta(hours=self.recheck_hours),
            grace=timedelta(days=self.grace_days),
        )

    @property
    def quota(self) -> Quota:
        """How much one tenant may claim."""
        return Quota(live=self.claims_per_tenant, per_hour=self.claims_per_tenant_per_hour)


def _split(value: str) -> tuple[str, ...]:
    """Return the names as they are compared: lower-case A-labels."""
    return tuple(_canonical_zone(part) for part in value.split(",") if part.strip())


def _canonical_zone(name: str) -> str:
    try:
        # A single label is fine for a zone, so it is parsed with one more.
        return canonical(f"x.{name.strip().strip('.')}").removeprefix("x.")
    except DomainError as error:
        raise ValueError(f"{name.strip()!r} is not a domain name") from error


def _endpoints(value: str) -> list[Endpoint]:
    return [Endpoint.parse(part) for part in value.split(",") if part.strip()]
