"""Where the output of every process goes: a file of its own, and one file of all with prefixes.

Only whole lines are written, so lines of two processes never mix.
"""

from pathlib import Path
from typing import BinaryIO

from embedded.private import private_directory, private_file

COMBINED = "all"
MAX_BYTES = 50_000_000


class Logs:
    """The log files of one run, kept between runs and rotated once at start when large."""

    def __init__(self, directory: Path) -> None:
        private_directory(directory)
        self.directory = directory
        self._files: dict[str, BinaryIO] = {}

    def path(self, name: str) -> Path:
        """Return the file that holds the lines of this process."""
        return self.directory / f"{name}.log"

    def write(self, name: str, lines: bytes) -> None:
        """Append whole lines of one process."""
        prefix = f"{name:<18} | ".encode()
        body = lines.removesuffix(b"\n")
        self._file(name).write(lines)
        self._file(COMBINED).write(prefix + body.replace(b"\n", b"\n" + prefix) + b"\n")

    def tail(self, name: str, lines: int = 15) -> str:
        """Return the last lines of one process, to explain why it ended."""
        path = self.path(name)
        if not path.exists():
            return ""
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])

    def close(self) -> None:
        """Close every file."""
        for file in self._files.values():
            file.close()
        self._files.clear()

    def _file(self, name: str) -> BinaryIO:
        if name not in self._files:
            path = self.path(name)
            if path.exists() and path.stat().st_size > MAX_BYTES:
                path.replace(path.with_suffix(".log.1"))
            self._files[name] = private_file(path).open("ab", buffering=0)
        return self._files[name]
