"""What names every service names all of them; the scripts around them take no surprise."""

import base64
import os
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.repository import ROOT, SERVICE_PACKAGES, source_packages

COMPOSE = yaml.safe_load((ROOT / "deploy/docker-compose.yml").read_text("utf-8"))


@pytest.fixture(scope="module")
def tool() -> dict[str, Any]:
    parsed = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    table: dict[str, Any] = parsed["tool"]
    return table


@pytest.mark.parametrize("package", source_packages(), ids=lambda path: path.name)
def test_types_and_imports_of_a_package_are_checked(tool: dict[str, Any], package: Path) -> None:
    assert package.name in tool["importlinter"]["root_packages"]
    assert str(package.parent.relative_to(ROOT)) in tool["mypy"]["mypy_path"]


@pytest.mark.parametrize("package", SERVICE_PACKAGES.values())
def test_the_rooms_of_a_service_are_checked(tool: dict[str, Any], package: str) -> None:
    contracts = tool["importlinter"]["contracts"]
    [apart] = [each for each in contracts if each["type"] == "independence"]
    assert package in apart["modules"]
    assert [each for each in contracts if package in each.get("containers", ())]


@pytest.mark.parametrize(("service", "package"), SERVICE_PACKAGES.items())
def test_docker_runs_a_service_on_a_database_of_its_own(service: str, package: str) -> None:
    built = [
        each["build"]["args"]["SERVICE"] for each in COMPOSE["services"].values() if "build" in each
    ]
    # One to migrate, one that serves, one that works; `topics` borrows an image.
    assert built.count(service) >= 3
    assert f"DATABASE_PASSWORD_{package}" in COMPOSE["services"]["postgres"]["environment"]


def test_the_written_secrets_are_what_the_compose_file_asks_for(tmp_path: Path) -> None:
    file = tmp_path / "env"
    subprocess.run([ROOT / "deploy/make-env.sh", file], check=True, capture_output=True)
    written = dict(line.split("=", 1) for line in file.read_text().splitlines())

    assert {"POSTGRES_PASSWORD", "SCIM_TOKEN_DIGEST_KEY", "SCIM_DATABASE_PASSWORD"} <= set(written)
    keys = {name for name in written if name.endswith("_ENCRYPTION_KEYS")}
    assert all(len(base64.urlsafe_b64decode(written[name])) == 32 for name in keys)
    assert all(len(value) == 64 for name, value in written.items() if name not in keys)
    assert len(set(written.values())) == len(written)
    assert file.stat().st_mode & 0o777 == 0o600
    before = file.read_text()
    file.write_text("".join(before.splitlines(keepends=True)[1:]))
    subprocess.run([ROOT / "deploy/make-env.sh", file], check=True, capture_output=True)
    # What was missing is new, as after an upgrade; the rest is as it was.
    assert file.read_text().splitlines()[:-1] == before.splitlines()[1:]
    assert {line.partition("=")[0] for line in file.read_text().splitlines()} == set(written)


def test_each_named_password_makes_a_database_and_its_roles(tmp_path: Path) -> None:
    psql = tmp_path / "psql"
    psql.write_text('#!/bin/sh\ncat >/dev/null\necho "$@"\n')
    psql.chmod(0o755)
    made = subprocess.run(
        ["sh", ROOT / "deploy/postgres/10-databases.sh"],
        env={
            "PATH": f"{tmp_path}:{os.environ['PATH']}",
            "POSTGRES_USER": "postgres",
            "DATABASE_PASSWORD_scim": "a=b",
            "OWNER_PASSWORD_scim": "c",
            "DATABASE_PASSWORD_tenant_directory": "d",
            "OWNER_PASSWORD_tenant_directory": "e=",
        },
        check=True,
        capture_output=True,
        text=True,
    )

    lines = [line.split(" -d ")[1] for line in made.stdout.splitlines() if " password=" in line]
    scim = "-v name=scim -v owner=scim_owner -v password=a=b -v owner_password=c"
    directory = (
        "-v name=tenant_directory -v owner=tenant_directory_owner -v password=d"
        " -v owner_password=e="
    )
    assert sorted(lines) == [f"postgres {scim}", f"postgres {directory}"]


@pytest.mark.parametrize("package", SERVICE_PACKAGES.values())
def test_only_migrations_know_the_owner_of_the_tables(package: str) -> None:
    for name, service in COMPOSE["services"].items():
        known = [
            value for value in service.get("environment", {}).values() if "_OWNER_" in str(value)
        ]
        # PostgreSQL makes the role.
        assert bool(known) == (name == "postgres" or name.endswith("-migrate")), name
    assert f"OWNER_PASSWORD_{package}" in COMPOSE["services"]["postgres"]["environment"]


def test_the_pages_name_the_pythons_that_are_tested() -> None:
    versions = (ROOT / ".ci/python-versions").read_text().split()
    readme = (ROOT / "README.md").read_text("utf-8")
    contributing = (ROOT / "CONTRIBUTING.md").read_text("utf-8")

    assert f"Python {', '.join(versions[:-1])} or {versions[-1]}." in readme
    assert f"Python {versions[0]} to {versions[-1]};" in contributing


@pytest.mark.parametrize(
    "given", ["1.2.3", "1.2.3; touch pwned", "it's $(touch pwned)", "`touch pwned`"]
)
def test_what_make_is_given_is_one_word(tmp_path: Path, given: str) -> None:
    for target, name in (("release", "VERSION"), ("tenant", "NAME")):
        shown = make(target, f"{name}={given}".replace("$", "$$"))
        program = tmp_path / "program.sh"
        # Only what stands behind the module's name: nothing is released here.
        program.write_text(
            f"printf '%s' {shown.splitlines()[-1].partition(' -m ')[2].split(' ', 1)[1]}"
        )
        words = subprocess.run(
            ["sh", program], cwd=tmp_path, check=True, capture_output=True, text=True
        )
        assert words.stdout.removeprefix("tenant").strip() == given
    assert not (tmp_path / "pwned").exists()


def test_a_version_of_the_environment_is_not_released(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VERSION", "9.9.9")
    assert "say which" in make("release")


def make(*arguments: str) -> str:
    """Return what make would run."""
    argv = ["make", "-n", "-o", "setup", *arguments]
    environment = {name: value for name, value in os.environ.items() if "MAKE" not in name}
    done = subprocess.run(
        argv, cwd=ROOT, capture_output=True, text=True, check=False, env=environment
    )
    return done.stdout + done.stderr
