"""Runs a program to its end; one that fails is a sentence, not a traceback."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from release.errors import ReleaseError

_SHOWN = 2_000


def run(argv: Sequence[str], directory: Path, within: float | None = None) -> str:
    """Return what a program writes to its output.

    Raises:
        ReleaseError: It failed, or took longer than `within` seconds.
    """
    words = [one for one in argv[1:] if not one.startswith("-")]
    name = " ".join([Path(argv[0]).name, *words[:1]])
    try:
        result = subprocess.run(
            argv, cwd=directory, capture_output=True, text=True, timeout=within, check=False
        )
    except OSError as error:
        raise ReleaseError(f"{name} did not start: {error}") from error
    except subprocess.TimeoutExpired as error:
        raise ReleaseError(f"{name} did not end within {within:g} seconds.") from error
    if result.returncode != 0:
        # Hooks and builds write their reason to either of the two.
        shown = "\n".join(filter(None, (result.stdout.strip(), result.stderr.strip())))
        raise ReleaseError(f"{name} failed: {shown[-_SHOWN:]}")
    return result.stdout.strip()
