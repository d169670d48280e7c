"""Golden examples of every event type: real shapes, kept for good.

An example is the JSON value of a record. Examples are only ever added: each stands for records that
lie in the log, and every later reader must understand them. `digests.json` remembers them.
"""

import hashlib
import json
from pathlib import Path

from contracts.schemas import to_json

EXAMPLES = Path(__file__).parent / "examples"
DIGESTS_FILE = "digests.json"


def example_files(directory: Path = EXAMPLES) -> dict[str, list[Path]]:
    """Return the example files by event type."""
    files: dict[str, list[Path]] = {}
    for path in sorted(directory.glob("*/*.json")):
        files.setdefault(path.parent.name, []).append(path)
    return files


def digests(directory: Path = EXAMPLES) -> dict[str, str]:
    """Return the digest of every example that lies there."""
    return {
        f"{name}/{path.name}": hashlib.sha256(path.read_bytes()).hexdigest()
        for name, paths in example_files(directory).items()
        for path in paths
    }


def committed_digests(directory: Path = EXAMPLES) -> dict[str, str]:
    """Return the digests that were committed; none before the first generation."""
    path = directory / DIGESTS_FILE
    return json.loads(path.read_text("utf-8")) if path.exists() else {}


def example_faults(directory: Path = EXAMPLES) -> list[str]:
    """Return which examples were changed or taken away, a sentence each."""
    known, present = committed_digests(directory), digests(directory)
    return [
        f"The example {name} was {'changed' if name in present else 'removed'}; "
        "examples are only ever added."
        for name, digest in sorted(known.items())
        if present.get(name) != digest
    ]


def digests_file(directory: Path = EXAMPLES) -> str:
    """Return the content of the digest file for what lies there now."""
    return to_json(digests(directory))
