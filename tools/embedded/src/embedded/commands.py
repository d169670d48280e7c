"""Runs the services' own commands, as an operator would."""

import json
import os
import subprocess
import sys

from embedded.errors import EmbeddedError
from embedded.run_file import RunningService

COMMAND_SECONDS = 60


def run_command(service: RunningService, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command of a service to its end, whatever that is."""
    return subprocess.run(
        [sys.executable, "-m", service.package, *arguments],
        env={**os.environ, **service.env},
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS,
    )


def json_of(done: subprocess.CompletedProcess[str]) -> dict[str, object]:
    """Return what a command printed; raise with its words when it failed."""
    if done.returncode != 0:
        raise EmbeddedError(error_text(done))
    answer: dict[str, object] = json.loads(done.stdout)
    return answer


def error_text(done: subprocess.CompletedProcess[str]) -> str:
    """Return the last words of a command."""
    return (done.stderr.strip() or done.stdout.strip())[-2000:]
