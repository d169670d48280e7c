"""What a release consists of: wheels of packages, images of services, a bill of materials."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

from release.programs import run

LOCK = "deploy/requirements.lock"
DOCKERFILE = "deploy/service.Dockerfile"


def build_wheels(root: Path, dist: Path) -> list[Path]:
    """Build a wheel of each package."""
    packages = sorted(str(path.parent) for path in root.glob("*/*/pyproject.toml"))
    pip = [sys.executable, "-m", "pip", "wheel", "-q", "--disable-pip-version-check"]
    run([*pip, "--no-deps", "--no-build-isolation", "-w", str(dist), *packages], root)
    return sorted(dist.glob("*.whl"))


def write_sbom(root: Path, programs: Path, dist: Path, version: str) -> Path:
    """Write what the services consist of as CycloneDX JSON: our wheels, and what the lock pins.

    What the images' base brings, Python and Debian's packages, is not in it.
    """
    path = dist / f"portico-{version}.cdx.json"
    cyclonedx = [str(programs / "cyclonedx-py"), "requirements", "--output-reproducible"]
    run([*cyclonedx, "--output-format=JSON", f"--output-file={path}", LOCK], root)
    bill = json.loads(path.read_text("utf-8"))
    bill["metadata"]["component"] = {
        "type": "application",
        "bom-ref": "portico",
        "name": "portico",
        "version": version,
    }
    bill["components"] = [*own_components(root, dist), *bill.get("components", ())]
    path.write_text(f"{json.dumps(bill, indent=2)}\n", "utf-8")
    return path


def own_components(root: Path, dist: Path) -> list[dict[str, Any]]:
    """Return the wheels of libraries and services as components; tools do not ship."""
    found = []
    for file in sorted(
        [*root.glob("libs/*/pyproject.toml"), *root.glob("services/*/pyproject.toml")]
    ):
        name = tomllib.loads(file.read_text("utf-8"))["project"]["name"]
        [wheel] = dist.glob(f"{name.replace('-', '_')}-*.whl")
        version = wheel.name.split("-")[1]
        found.append(
            {
                "type": "library" if file.parts[-3] == "libs" else "application",
                "bom-ref": f"{name}@{version}",
                "name": name,
                "version": version,
                "hashes": [
                    {"alg": "SHA-256", "content": hashlib.sha256(wheel.read_bytes()).hexdigest()}
                ],
            }
        )
    return found


def image_commands(root: Path, version: str) -> list[list[str]]:
    """Return the commands that build the image of each service."""
    python = os.environ.get("PYTHON_IMAGE")
    build = ["docker", "build", "-q", "-f", DOCKERFILE]
    if python:
        build += ["--build-arg", f"PYTHON_IMAGE={python}"]
    return [
        [*build, "--build-arg", f"SERVICE={service}", "-t", f"portico/{service}:{version}", "."]
        for service in sorted(path.parent.name for path in root.glob("services/*/pyproject.toml"))
    ]


def docker_answers() -> bool:
    """Tell whether there is an engine that can build images."""
    if shutil.which("docker") is None:
        return False
    return subprocess.run(["docker", "version"], capture_output=True, timeout=30).returncode == 0


def build_images(root: Path, version: str) -> list[str]:
    """Build the image of each service, and return their names."""
    commands = image_commands(root, version)
    for command in commands:
        run(command, root)
    return [command[-2] for command in commands]
