"""A wrong setting stops the start with a sentence that names it, and never shows a secret."""

from typing import Annotated

import pytest
from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import SettingsConfigDict

from chassis.bus import account_of
from chassis.settings import ChassisSettings, DevelopmentDefault, load_settings

PUBLIC = "development-only-key-that-everybody-knows"


class Settings(ChassisSettings):
    model_config = SettingsConfigDict(env_prefix="DEMO_")

    http_port: int = Field(8099, ge=0, le=65535)
    key: Annotated[SecretStr, DevelopmentDefault(PUBLIC)] = Field(min_length=32)
    """Key of at least 32 characters."""


GOOD = {
    "DEMO_DATABASE_URL": "postgresql://demo:hunter2@db/demo",
    "KAFKA_BOOTSTRAP_SERVERS": "a:9092,b:9092",
    "DEMO_KEY": "k" * 40,
}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("ENVIRONMENT", "LOG_LEVEL", "OTEL_EXPORTER_OTLP_ENDPOINT", "TRACE_SAMPLE_RATIO"):
        monkeypatch.delenv(name, raising=False)
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def refusal(capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as stop:
        load_settings(Settings)
    assert stop.value.code == 2
    return capsys.readouterr().err


def test_everything_right() -> None:
    settings = load_settings(Settings)

    assert settings.environment == "production"
    assert settings.http_port == 8099
    assert settings.kafka_bootstrap_servers == "a:9092,b:9092"


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("DEMO_HTTP_PORT", "http", "valid integer"),
        ("DEMO_HTTP_PORT", "70000", "less than or equal to 65535"),
        ("DEMO_DATABASE_URL", "mysql://x", "postgresql://"),
        ("DEMO_DATABASE_URL", "", "missing"),
        ("DEMO_KEY", "short", "32"),
        ("KAFKA_BOOTSTRAP_SERVERS", "kafka", "host:port"),
        ("ENVIRONMENT", "staging", "'development', 'test' or 'production'"),
        ("LOG_LEVEL", "loud", "'debug', 'info', 'warning' or 'error'"),
        ("TRACE_SAMPLE_RATIO", "2", "less than or equal to 1"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector", "http"),
    ],
)
def test_one_wrong_value_is_named_with_what_is_expected(
    environment: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    variable: str,
    value: str,
    expected: str,
) -> None:
    environment.setenv(variable, value)

    said = refusal(capsys)

    assert said.startswith(variable)
    assert expected in said
    assert said.count("\n") == 1
    assert "Traceback" not in said


def test_what_a_field_overrides_keeps_the_description(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    environment.setenv("DEMO_HTTP_PORT", "http")

    assert "TCP port of HTTP" in refusal(capsys)


@pytest.mark.parametrize(
    ("variable", "value"), [("DEMO_DATABASE_URL", "mysql://u:hunter2@x"), ("DEMO_KEY", "hunter2")]
)
def test_a_secret_is_not_shown_when_it_is_refused(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], variable: str, value: str
) -> None:
    environment.setenv(variable, value)

    assert "hunter2" not in refusal(capsys)


def test_secrets_are_not_shown_by_repr() -> None:
    shown = repr(load_settings(Settings))

    assert "hunter2" not in shown
    assert "kkkk" not in shown


def test_every_mistake_has_its_sentence(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    environment.setenv("DEMO_HTTP_PORT", "x")
    environment.delenv("DEMO_DATABASE_URL")

    assert len(refusal(capsys).splitlines()) == 2


@pytest.mark.parametrize("name", ["development", "test"])
def test_a_secret_has_a_default_in_development_and_tests(
    environment: pytest.MonkeyPatch, name: str
) -> None:
    environment.delenv("DEMO_KEY")
    environment.setenv("ENVIRONMENT", name)

    assert load_settings(Settings).key.get_secret_value() == PUBLIC


def test_a_secret_has_none_in_production(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    environment.delenv("DEMO_KEY")

    assert refusal(capsys).startswith("DEMO_KEY is missing")


def test_production_refuses_the_secret_that_everybody_knows(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    environment.setenv("DEMO_KEY", PUBLIC)

    assert refusal(capsys) == "DEMO_KEY has its development value, which is public.\n"


def test_settings_cannot_be_changed() -> None:
    settings = load_settings(Settings)

    with pytest.raises(ValidationError, match="frozen"):
        settings.http_port = 1  # type: ignore[misc]  # refused here, too


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"KAFKA_USERNAME": "scim"}, "KAFKA_USERNAME and KAFKA_PASSWORD go together"),
        ({"KAFKA_PASSWORD": "t0ps3cret"}, "KAFKA_USERNAME and KAFKA_PASSWORD go together"),
        (
            {"KAFKA_USERNAME": "a", "KAFKA_PASSWORD": "t0ps3cret", "KAFKA_SASL_MECHANISM": "PLAIN"},
            "shows the password without KAFKA_TLS",
        ),
        ({"KAFKA_CA_FILE": __file__}, "means nothing without KAFKA_TLS"),
        ({"KAFKA_TLS": "true", "KAFKA_CA_FILE": "/nowhere.pem"}, "KAFKA_CA_FILE"),
    ],
)
def test_half_an_account_at_the_brokers_is_refused(
    environment: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    variables: dict[str, str],
    sentence: str,
) -> None:
    for name, value in variables.items():
        environment.setenv(name, value)

    said = refusal(capsys)

    assert sentence in said
    assert "t0ps3cret" not in said


def test_an_account_is_told_to_the_client_and_shown_to_nobody(
    environment: pytest.MonkeyPatch,
) -> None:
    assert account_of(load_settings(Settings)).options() == {"security_protocol": "PLAINTEXT"}
    environment.setenv("KAFKA_USERNAME", "scim")
    environment.setenv("KAFKA_PASSWORD", "t0ps3cret")
    account = account_of(load_settings(Settings))

    assert account.options() == {
        "security_protocol": "SASL_PLAINTEXT",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "scim",
        "sasl_plain_password": "t0ps3cret",
    }
    assert "t0ps3cret" not in repr(account)

    environment.setenv("KAFKA_TLS", "true")
    options = account_of(load_settings(Settings)).options()
    assert options["security_protocol"] == "SASL_SSL"
    assert options["ssl_context"].check_hostname
