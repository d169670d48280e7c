"""Settings of the tenant directory, read from `DIRECTORY_*` once at the start."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from chassis.settings import ChassisSettings


class Settings(ChassisSettings):
    """Everything that can be set for the tenant directory."""

    model_config = SettingsConfigDict(env_prefix="DIRECTORY_")

    # Until its admin API comes, nothing but health asks the process that answers HTTP.
    database_pool_size: int = Field(2, ge=1, le=100)
    http_port: int = Field(8082, ge=0, le=65535)
    """TCP port of HTTP; 0 takes a free one."""
    metrics_port: int = Field(9082, ge=0, le=65535)
    """TCP port of health and metrics, in every mode; 0 takes a free one."""
    audit_log_days: int = Field(400, ge=90, le=36_500)
    """Days that the audit log is kept, by whole months; `audit export` writes it elsewhere."""
