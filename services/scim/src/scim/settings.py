"""Settings of the SCIM service, read from `SCIM_*` once at the start."""

from typing import Annotated

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from chassis.settings import ChassisSettings, DevelopmentDefault
from kernel.limits import HIGHEST_USER_BYTES, MAX_USER_BYTES


class Settings(ChassisSettings):
    """Everything that can be set for the SCIM service."""

    model_config = SettingsConfigDict(env_prefix="SCIM_")

    http_port: int = Field(8081, ge=0, le=65535)
    """TCP port of HTTP; 0 takes a free one."""
    metrics_port: int = Field(9081, ge=0, le=65535)
    """TCP port of health and metrics, in every mode; 0 takes a free one."""
    public_url: str = Field("http://127.0.0.1:8081", pattern=r"^https?://[^\s/]+(/[^\s]*[^\s/])?$")
    """Address under which identity providers reach this service, without a slash at the end."""
    token_digest_key: Annotated[
        SecretStr, DevelopmentDefault("development-only-scim-token-digest-key")
    ] = Field(min_length=32)
    """Secret of at least 32 characters that SCIM tokens are digested with; a new one voids them."""
    tenant_requests_per_second: float = Field(200.0, ge=25)
    """Requests a second that one process answers to one tenant before it says 429; at least 25."""
    tenant_burst_requests: int = Field(400, ge=25)
    """Requests that a tenant may send at once before that rate counts; at least 25."""
    tenant_bytes_per_second: int = Field(8_388_608, ge=262_144)
    """Bytes a second of bodies that a tenant sends to one process, and of users that they store,
    before it says 429; at least 262,144."""
    tenant_burst_bytes: int = Field(134_217_728, ge=2_097_152)
    """Such bytes that a tenant may send and store at once before that rate counts."""
    tenant_concurrent_requests: int = Field(4, ge=1)
    """Requests of one tenant that one process works on at once; keep it below the pool size."""
    max_user_bytes: int = Field(MAX_USER_BYTES, ge=8_192, le=HIGHEST_USER_BYTES)
    """Bytes of JSON that are kept of one user, from 8,192 to 262,144; a larger user gets a 413."""
    provisioning_log_days: int = Field(30, ge=1, le=3650)
    """Days that rows of the provisioning log are kept."""
