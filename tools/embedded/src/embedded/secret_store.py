"""Passwords and keys of this machine's stack: random, made once, readable by their owner only."""

import json
import os
import secrets
from pathlib import Path


class SecretStore:
    """A small file of named secrets that stay the same between runs."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._values: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}

    def get(self, name: str) -> str:
        """Return the secret of this name, making it at first."""
        if name not in self._values:
            self._values[name] = secrets.token_urlsafe(32)
            self._write()
        return self._values[name]

    def _write(self) -> None:
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(self._values, file)
