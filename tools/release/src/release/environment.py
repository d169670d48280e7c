"""The environment of pip-audit and cyclonedx-bom, apart from .venv; made when first needed."""

import hashlib
import sys
from pathlib import Path

from release.errors import NotReachedError, ReleaseError
from release.programs import run

LOCK = "requirements-release.lock"
SECONDS = 900
_WITHOUT_INDEX = ("connection broken", "(from versions: none)", "did not end within")
"""What pip, or who runs it, says where no index answers."""


def ensure_environment(root: Path) -> Path:
    """Return the directory of the environment's programs; install them when the lock changed.

    Raises:
        NotReachedError: No package index answered.
        ReleaseError: They could not be installed for another reason: digests that do not match.
    """
    lock = root / LOCK
    directory = root / ".cache" / "release"
    stamp = directory / "digest"
    # An environment does not work after being moved.
    digest = hashlib.sha256(str(root).encode() + lock.read_bytes()).hexdigest()
    programs = directory / "bin"
    if not stamp.exists() or stamp.read_text("utf-8") != digest:
        print(f"installing {LOCK} into {directory.relative_to(root)}", flush=True)
        run([sys.executable, "-m", "venv", "--clear", str(directory)], root)
        install(programs / "python", lock)
        stamp.write_text(digest, "utf-8")
    return programs


def install(python: Path, lock: Path) -> None:
    """Install what a lock names into the environment of an interpreter.

    Raises:
        NotReachedError: No package index answered.
        ReleaseError: It failed for another reason.
    """
    pip = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    try:
        run([*pip, "--require-hashes", "--no-deps", "-r", str(lock)], lock.parent, SECONDS)
    except ReleaseError as error:
        if any(words in str(error) for words in _WITHOUT_INDEX):
            message = f"The package index, for what {lock.name} names, was not reached: {error}"
            raise NotReachedError(message) from error
        raise
