"""Settings: read from the environment once, at the start, and frozen from then on.

A wrong or missing value stops the start with a sentence that names the variable and says what is
expected. Secrets are never echoed, and have no default outside development and tests.
"""

import os
import sys
from dataclasses import dataclass
from typing import Any, Literal, NoReturn, Self, TypeVar

from pydantic import Field, FilePath, SecretStr, ValidationError, field_validator, model_validator
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

Environment = Literal["development", "test", "production"]

CONFIGURATION_ERROR = 2
"""Exit code of a process that was started with wrong settings."""


@dataclass(frozen=True, slots=True)
class DevelopmentDefault:
    """Marks a secret that has a default in development and tests, and none in production.

    `key: Annotated[SecretStr, DevelopmentDefault("…")]`
    """

    value: str


class KafkaSettings(BaseSettings):
    """Who a process is to the brokers."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="ignore",
        populate_by_name=True,
        use_attribute_docstrings=True,
        hide_input_in_errors=True,
        env_ignore_empty=True,
    )

    kafka_username: str | None = Field(None, validation_alias="KAFKA_USERNAME")
    """The service's account at the brokers; without it they must take anybody."""
    kafka_password: SecretStr | None = Field(None, validation_alias="KAFKA_PASSWORD")
    """Its password; given together with `KAFKA_USERNAME`."""
    kafka_sasl_mechanism: Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"] = Field(
        "SCRAM-SHA-512", validation_alias="KAFKA_SASL_MECHANISM"
    )
    """`SCRAM-SHA-512`, `SCRAM-SHA-256` or `PLAIN`; `PLAIN` over TLS alone."""
    kafka_tls: bool = Field(False, validation_alias="KAFKA_TLS")
    """Whether the brokers speak TLS."""
    kafka_ca_file: FilePath | None = Field(None, validation_alias="KAFKA_CA_FILE")
    """PEM file of who vouches for the brokers; without it, whom the machine trusts."""

    @model_validator(mode="after")
    def _check_kafka_account(self) -> Self:
        if (self.kafka_username is None) != (self.kafka_password is None):
            raise ValueError("KAFKA_USERNAME and KAFKA_PASSWORD go together")
        if self.kafka_username and self.kafka_sasl_mechanism == "PLAIN" and not self.kafka_tls:
            raise ValueError("KAFKA_SASL_MECHANISM=PLAIN shows the password without KAFKA_TLS")
        if self.kafka_ca_file and not self.kafka_tls:
            raise ValueError("KAFKA_CA_FILE means nothing without KAFKA_TLS")
        return self


class ChassisSettings(KafkaSettings):
    """What every service needs; a service derives its own and sets `env_prefix`."""

    environment: Environment = Field("production", validation_alias="ENVIRONMENT")
    """`development`, `test` or `production`; decides on log format and secret defaults."""
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", validation_alias="LOG_LEVEL"
    )
    """`debug`, `info`, `warning` or `error`."""
    kafka_bootstrap_servers: str = Field(
        validation_alias="KAFKA_BOOTSTRAP_SERVERS", pattern=r"^[^\s,:]+:\d+(,[^\s,:]+:\d+)*$"
    )
    """Kafka brokers as `host:port`, several separated by commas."""
    otel_exporter_otlp_endpoint: str | None = Field(
        None, validation_alias="OTEL_EXPORTER_OTLP_ENDPOINT", pattern=r"^https?://"
    )
    """Base URL of an OTLP/HTTP collector, `http://…:4318`; without it nothing is traced."""
    trace_sample_ratio: float = Field(0.01, ge=0, le=1, validation_alias="TRACE_SAMPLE_RATIO")
    """Share of requests that are traced, from 0 to 1, unless the caller decided already."""

    database_url: str = Field(repr=False)
    """The service's own PostgreSQL database, `postgresql://user:password@host:port/name`."""
    migration_database_url: str | None = Field(None, repr=False)
    """The same database by the role that owns its tables, for `migrate` alone, which then gives the
    role of the serving address what it needs; without it, one role does both."""
    database_pool_size: int = Field(8, ge=1, le=100)
    """Connections to the database of a process that answers HTTP, from 1 to 100."""
    database_worker_pool_size: int = Field(4, ge=2, le=100)
    """Connections to the database of a process that only works, from 2 to 100; relay and signal
    have three more. A process that does both has the larger number."""
    sent_events_hours: float = Field(6.0, ge=0.1, le=8_760)
    """Hours that events stay in the outbox once the broker has them, to be looked at."""
    deleted_versions_days: int = Field(30, ge=7, le=3_650)
    """Days for which it is remembered that a user or tenant was deleted, lest an old state of it,
    sent again, brings it back."""
    http_host: str = "127.0.0.1"
    """Address that HTTP listens on; `0.0.0.0` for every interface."""
    http_port: int = Field(8080, ge=0, le=65535)
    """TCP port of HTTP; 0 takes a free one."""
    metrics_host: str = "127.0.0.1"
    """Address that health and metrics listen on; not to be reached from outside."""
    metrics_port: int = Field(9080, ge=0, le=65535)
    """TCP port of health and metrics, in every mode; 0 takes a free one."""
    request_timeout_seconds: float = Field(15.0, gt=0, le=300)
    """Seconds after which a request is given up with 503."""
    max_body_bytes: int = Field(2_097_152, ge=1024)
    """Largest request body that is read; a larger one is refused with 413."""
    max_concurrent_requests: int = Field(64, ge=1)
    """Requests that one process works on at once; more wait in a queue."""
    max_queued_requests: int = Field(512, ge=0)
    """Requests that may wait; more are refused with 503 and `Retry-After`."""
    shutdown_grace_seconds: float = Field(15.0, gt=0, le=300)
    """Seconds that a stopping process has to finish what it began."""

    @field_validator("log_level", mode="before")
    @classmethod
    def _without_case(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    @field_validator("database_url", "migration_database_url")
    @classmethod
    def _names_a_database(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("postgresql://", "postgres://")):
            raise ValueError("it must start with postgresql://")
        return value

    @model_validator(mode="before")
    @classmethod
    def _fill_development_defaults(cls, values: dict[str, Any]) -> dict[str, Any]:
        environment = values.get("ENVIRONMENT", values.get("environment", "production"))
        if environment == "production":
            return values
        defaults = {name: default.value for name, default in development_defaults(cls).items()}
        return defaults | {key: value for key, value in values.items() if value is not None}

    @model_validator(mode="after")
    def _refuse_development_secrets(self) -> Self:
        if self.environment != "production":
            return self
        for name, default in development_defaults(type(self)).items():
            if _plain(getattr(self, name)) == default.value:
                variable = variable_of(type(self), name)
                raise ValueError(f"{variable} has its development value, which is public")
        return self


S = TypeVar("S", bound=BaseSettings)


def load_settings(cls: type[S]) -> S:
    """Read the settings from the environment, or end the process with a sentence per mistake."""
    try:
        return cls()
    except ValidationError as error:
        _refuse([_sentence(cls, detail) for detail in error.errors(include_input=False)])
    except SettingsError as error:
        _refuse([f"The settings cannot be read: {error}."])


def variable_of(cls: type[BaseSettings], name: str) -> str:
    """Return the environment variable that a field is read from."""
    alias = cls.model_fields[name].validation_alias
    return alias if isinstance(alias, str) else f"{cls.model_config['env_prefix']}{name}".upper()


def description_of(cls: type[BaseSettings], name: str) -> str:
    """Return what a field's docstring says; an overriding field may leave it to the one above."""
    for owner in cls.__mro__:
        field = getattr(owner, "model_fields", {}).get(name)
        if field is not None and field.description:
            return " ".join(str(field.description).split())
    return ""


def is_secret(field: FieldInfo) -> bool:
    """Tell whether a field's value must never be shown."""
    return not field.repr or "Secret" in str(field.annotation)


def _refuse(sentences: list[str]) -> NoReturn:
    sys.stderr.write("".join(f"{sentence}\n" for sentence in sentences))
    raise SystemExit(CONFIGURATION_ERROR)


def _sentence(cls: type[BaseSettings], detail: ErrorDetails) -> str:
    name = _field_of(cls, detail)
    if name is None:
        return f"{detail['msg'].removeprefix('Value error, ')}."
    field, variable = cls.model_fields[name], variable_of(cls, name)
    expected = description_of(cls, name).rstrip(".")
    if detail["type"] == "missing":
        return f"{variable} is missing. Expected: {expected}."
    given = "" if is_secret(field) else f" {os.environ.get(variable, '')!r}"
    reason = detail["msg"].removeprefix("Value error, ")
    reason = reason[:1].lower() + reason[1:]
    return f"{variable}{given} is wrong: {reason}. Expected: {expected}."


def _field_of(cls: type[BaseSettings], detail: ErrorDetails) -> str | None:
    given = str(detail["loc"][0]).upper() if detail["loc"] else ""
    for name in cls.model_fields:
        if given in (name.upper(), variable_of(cls, name)):
            return name
    return None


def development_defaults(cls: type[BaseSettings]) -> dict[str, DevelopmentDefault]:
    """Return the defaults that fields have in development and tests alone."""
    return {
        name: mark
        for name, field in cls.model_fields.items()
        for mark in field.metadata
        if isinstance(mark, DevelopmentDefault)
    }


def _plain(value: object) -> object:
    return value.get_secret_value() if isinstance(value, SecretStr) else value
