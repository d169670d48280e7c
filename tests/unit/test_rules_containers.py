"""Every container of the Docker stack has no more than it needs."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.repository import ROOT, SERVICE_PACKAGES

COMPOSE = yaml.safe_load((ROOT / "deploy/docker-compose.yml").read_text("utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
ADDED = {
    "postgres": {"CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"},
    "gateway": {"NET_BIND_SERVICE"},
}
PUBLIC = {"gateway", "scim", "domain-verifier", "sso"}


@pytest.mark.parametrize("name", SERVICES)
def test_a_container_has_no_more_than_it_needs(name: str) -> None:
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert set(service.get("cap_add", ())) == ADDED.get(name, set())
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["read_only"] is True
    assert service["mem_limit"]
    assert service["pids_limit"] <= 512
    assert not service.get("privileged")
    assert "docker.sock" not in str(service.get("volumes"))


@pytest.mark.parametrize("name", SERVICES)
def test_the_gateway_reaches_what_answers_the_world_alone(name: str) -> None:
    service = SERVICES[name]
    networks = set(service.get("networks", ()))
    if service.get("network_mode"):
        assert (service["network_mode"], networks) == ("service:kafka", set())
    else:
        assert ("frontend" in networks) == (name in PUBLIC)
    assert ("ports" in service) == (name == "gateway")


def test_the_broker_takes_nobody_without_an_account_but_on_its_own_loopback() -> None:
    environment = SERVICES["kafka"]["environment"]
    protocols = dict(
        each.split(":") for each in environment["KAFKA_LISTENER_SECURITY_PROTOCOL_MAP"].split(",")
    )
    for listener in environment["KAFKA_LISTENERS"].split(","):
        name, _, host = listener.partition("://")
        assert host.startswith("localhost:") or protocols[name].startswith("SASL_")
    assert environment["KAFKA_ALLOW_EVERYONE_IF_NO_ACL_FOUND"] == "false"


def test_every_service_has_an_account_of_its_own() -> None:
    accounts = {
        name: (service["environment"]["KAFKA_USERNAME"], service["environment"]["KAFKA_PASSWORD"])
        for name, service in SERVICES.items()
        if "KAFKA_USERNAME" in service.get("environment", {})
    }
    assert {username for username, _ in accounts.values()} == set(SERVICE_PACKAGES)
    assert len(set(accounts.values())) == len(SERVICE_PACKAGES)
    made = SERVICES["kafka-accounts"]["environment"]
    for username, password in accounts.values():
        assert made[f"KAFKA_PASSWORD_{username.replace('-', '_')}"] == password


def test_an_account_is_made_without_showing_its_password(tmp_path: Path) -> None:
    tool = tmp_path / "kafka-configs.sh"
    tool.write_text('#!/bin/sh\nfor last; do :; done\necho "$@" >>"$SEEN"\ncat "$last" >>"$SEEN"\n')
    tool.chmod(0o755)
    seen = tmp_path / "seen"
    done = subprocess.run(
        ["bash", ROOT / "deploy/kafka/accounts.sh"],
        env={
            "PATH": "/usr/bin:/bin",
            "KAFKA_CONFIGS": str(tool),
            "SEEN": str(seen),
            "KAFKA_PASSWORD_tenant_directory": "s3cret",
        },
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout == "account tenant-directory\n"
    arguments, written = seen.read_text().splitlines()
    assert "--entity-name tenant-directory" in arguments
    assert "s3cret" not in arguments
    assert written == "SCRAM-SHA-512=password=s3cret"


def test_images_are_pinned_by_the_digest_that_came(tmp_path: Path) -> None:
    docker = tmp_path / "docker"
    docker.write_text(
        '#!/bin/sh\n[ "$1" = pull ] && exit\nfor last; do :; done\n'
        'echo "registry.example/x@sha256:$(printf %s "$last" | sha256sum | cut -d" " -f1)"\n'
    )
    docker.chmod(0o755)
    file = tmp_path / "env"
    file.write_text("SECRET=1\nKAFKA_IMAGE=old\n")
    for _ in range(2):
        subprocess.run(
            [ROOT / "deploy/pin-images.sh", file],
            env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
            check=True,
            capture_output=True,
        )
    written = dict(line.split("=", 1) for line in file.read_text().splitlines())
    assert written.pop("SECRET") == "1"
    assert set(written) == {"POSTGRES_IMAGE", "KAFKA_IMAGE", "CADDY_IMAGE", "PYTHON_IMAGE"}
    assert all("@sha256:" in image and ":" in image.partition("@")[0] for image in written.values())
    assert file.stat().st_mode & 0o777 == 0o600
