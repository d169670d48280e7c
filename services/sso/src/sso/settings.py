"""Settings of the sign-on service, read from `SSO_*` once at the start."""

from datetime import timedelta
from typing import Annotated, Self

from cryptography.fernet import MultiFernet
from pydantic import Field, SecretStr, model_validator
from pydantic_settings import SettingsConfigDict

from chassis.settings import ChassisSettings, DevelopmentDefault
from sso.domain.session_policy import SessionPolicy
from sso.oidc.keys import encryption

_DEVELOPMENT_KEY = "ZGV2ZWxvcG1lbnQtb25seS1zc28tZW5jcnlwdGlvbiE="


class Settings(ChassisSettings):
    """Everything that can be set for the sign-on service."""

    model_config = SettingsConfigDict(env_prefix="SSO_")

    http_port: int = Field(8084, ge=0, le=65535)
    """TCP port of HTTP; 0 takes a free one."""
    metrics_port: int = Field(9084, ge=0, le=65535)
    """TCP port of health and metrics, in every mode; 0 takes a free one."""
    public_url: str = Field("http://127.0.0.1:8084", pattern=r"^https?://[^\s/]+(/[^\s]*[^\s/])?$")
    """Address under which browsers reach this service, without a slash at the end; it is the issuer
    of tokens and stands in every identity provider: changing it ends all of them."""
    encryption_keys: Annotated[SecretStr, DevelopmentDefault(_DEVELOPMENT_KEY)]
    """Fernet keys, comma-separated, that encrypt private keys at rest: the first encrypts."""
    metadata_loopback: bool = False
    """Whether metadata may be fetched from this machine, by http too: in development alone."""
    sign_in_log_days: int = Field(30, ge=1, le=3650)
    """Days that rows of the sign-in log are kept."""

    session_idle_hours: float = Field(12.0, ge=1 / 12, le=720)
    """Hours after which somebody who went to no app is signed out; tenants may have their own."""
    session_hours: float = Field(168.0, ge=1 / 12, le=720)
    """Hours after which somebody has to sign in again in any case; tenants may have their own."""
    backchannel_private_networks: bool = False
    """Whether apps may be told of the end of sessions at addresses of private networks, too."""

    @model_validator(mode="after")
    def _encryption_keys_are_keys(self) -> Self:
        try:
            encryption(self.encryption_keys.get_secret_value())
        except ValueError:
            raise ValueError(
                "SSO_ENCRYPTION_KEYS must be Fernet keys: 32 random bytes each, in URL-safe base64"
            ) from None
        return self

    @model_validator(mode="after")
    def _https_in_production(self) -> Self:
        if self.environment == "production" and not self.public_url.startswith("https://"):
            raise ValueError("SSO_PUBLIC_URL must be https in production")
        if self.environment == "production" and self.metadata_loopback:
            raise ValueError("SSO_METADATA_LOOPBACK is for development alone")
        return self

    @model_validator(mode="after")
    def _idle_no_longer_than_in_all(self) -> Self:
        if self.session_idle_hours > self.session_hours:
            raise ValueError("SSO_SESSION_IDLE_HOURS must not be above SSO_SESSION_HOURS")
        return self

    @property
    def session_policy(self) -> SessionPolicy:
        """How long people stay signed in where their tenant has no policy of its own."""
        return SessionPolicy(
            timedelta(hours=self.session_idle_hours), timedelta(hours=self.session_hours)
        )

    @property
    def cipher(self) -> MultiFernet:
        """What private keys are encrypted by."""
        return encryption(self.encryption_keys.get_secret_value())
