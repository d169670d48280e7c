"""What a release consists of: wheels of packages, images of services, a bill of materials."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from release.errors import ReleaseError

LOCK = "deploy/requirements.lock"
DOCKERFILE = "deploy/service.Dockerfile"


def build_wheels(root: Path, dist: Path) -> list[Path]:
    """Build a wheel of each package."""
    packages = sorted(str(path.parent) for path in root.glob("*/*/pyproject.toml"))
    pip = [sys.executable, "-m", "pip", "wheel", "-q", "--disable-pip-version-check"]
    _run([*pip, "--no-deps", "--no-build-isolation", "-w", str(dist), *packages], root)
    return sorted(dist.glob("*.whl"))


def write_sbom(root: Path, programs: Path, dist: Path, version: str) -> Path:
    """Write what the services run on as CycloneDX JSON."""
    path = dist / f"portico-{version}.cdx.json"
    cyclonedx = [str(programs / "cyclonedx-py"), "requirements", "--output-reproducible"]
    _run([*cyclonedx, "--output-format=JSON", f"--output-file={path}", LOCK], root)
    bill = json.loads(path.read_text("utf-8"))
    bill["metadata"]["component"] = {
        "type": "application",
        "bom-ref": "portico",
        "name": "portico",
        "version": version,
    }
    path.write_text(f"{json.dumps(bill, indent=2)}\n", "utf-8")
    return path


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
        _run(command, root)
    return [command[-2] for command in commands]


def _run(argv: list[str], directory: Path) -> None:
    result = subprocess.run(argv, cwd=directory, capture_output=True, text=True)
    if result.returncode != 0:
        said = (result.stderr or result.stdout).strip()
        raise ReleaseError(f"{Path(argv[0]).name} failed: {said[-2_000:]}")
