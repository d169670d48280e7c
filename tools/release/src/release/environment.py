"""The environment of pip-audit and cyclonedx-bom, apart from .venv; made when first needed."""

import hashlib
import subprocess
import sys
from pathlib import Path

LOCK = "requirements-release.lock"


def ensure_environment(root: Path) -> Path:
    """Return the directory of the environment's programs; install them when the lock changed."""
    lock = root / LOCK
    directory = root / ".cache" / "release"
    stamp = directory / "digest"
    # An environment does not work after being moved.
    digest = hashlib.sha256(str(root).encode() + lock.read_bytes()).hexdigest()
    programs = directory / "bin"
    if not stamp.exists() or stamp.read_text("utf-8") != digest:
        print(f"installing {LOCK} into {directory.relative_to(root)}", flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", directory], check=True)
        pip = [
            str(programs / "python"),
            "-m",
            "pip",
            "install",
            "-q",
            "--disable-pip-version-check",
        ]
        subprocess.run([*pip, "--require-hashes", "--no-deps", "-r", lock], check=True)
        stamp.write_text(digest, "utf-8")
    return programs
