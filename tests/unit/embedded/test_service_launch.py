"""A service's settings: what was given to `make up` is part of what runs."""

from pathlib import Path

import pytest

from chassis.settings import ChassisSettings, variable_of
from embedded.backends import Backends
from embedded.databases import ServiceDatabase
from embedded.options import Options, Ports
from embedded.run_file import RunningService
from embedded.secret_store import SecretStore
from embedded.service_launch import ServiceLaunch
from embedded.services import SERVICES, SHARED_SETTINGS, Service

VERIFIER = next(service for service in SERVICES if service.name == "domain-verifier")
SCIM = next(service for service in SERVICES if service.name == "scim")


def described(service: Service, data: Path) -> RunningService:
    options = Options(data)
    ports = Ports(options)
    database = ServiceDatabase("postgresql://made-here/db", "postgresql://owner@made-here/db")
    backends = Backends("kafka:9092", {service.name: database})
    try:
        return ServiceLaunch(service, options, ports).describe(
            backends, SecretStore(data / "secrets.json")
        )
    finally:
        ports.close()


def test_settings_that_were_given_reach_the_services_commands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOMAIN_VERIFIER_RESERVED_NAMES", "ours.test")
    monkeypatch.setenv("TRACE_SAMPLE_RATIO", "1")
    monkeypatch.setenv("SCIM_PUBLIC_URL", "https://scim.example.com")
    verifier, scim = described(VERIFIER, tmp_path), described(SCIM, tmp_path)
    assert verifier.env["DOMAIN_VERIFIER_RESERVED_NAMES"] == "ours.test"
    assert verifier.env["TRACE_SAMPLE_RATIO"] == scim.env["TRACE_SAMPLE_RATIO"] == "1"
    assert scim.env["SCIM_PUBLIC_URL"] == "https://scim.example.com"
    assert "DOMAIN_VERIFIER_RESERVED_NAMES" not in scim.env


def test_what_the_stack_decides_comes_before_what_was_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCIM_DATABASE_URL", "postgresql://elsewhere/db")
    monkeypatch.setenv("SCIM_HTTP_PORT", "")
    scim = described(SCIM, tmp_path)
    assert scim.env["SCIM_DATABASE_URL"] == scim.dsn
    assert scim.url.endswith(f":{scim.env['SCIM_HTTP_PORT']}")


def test_only_a_migration_gets_to_know_the_owner_of_the_tables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCIM_MIGRATION_DATABASE_URL", "postgresql://given/db")
    scim = described(SCIM, tmp_path)
    assert "SCIM_MIGRATION_DATABASE_URL" not in scim.env
    assert scim.migration_env == {"SCIM_MIGRATION_DATABASE_URL": "postgresql://owner@made-here/db"}


def test_every_shared_setting_is_passed_on() -> None:
    decided = {"ENVIRONMENT", "KAFKA_BOOTSTRAP_SERVERS"}
    shared = {
        variable_of(ChassisSettings, name)
        for name, field in ChassisSettings.model_fields.items()
        if field.validation_alias is not None
    }
    assert set(SHARED_SETTINGS) == shared - decided
