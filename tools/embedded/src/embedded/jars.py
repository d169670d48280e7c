"""Apache Kafka's jars: fetched once by Maven, checked against committed digests, kept in a cache.

The cache lies outside the checkout, so several checkouts share it.
"""

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from embedded.errors import EmbeddedError

RECIPE = Path(__file__).parents[2] / "kafka"
FETCH_SECONDS = 600


def jar_directory() -> Path:
    """Return where the jars of exactly this recipe are kept."""
    digest = hashlib.sha256((RECIPE / "jars.sha256").read_bytes()).hexdigest()[:12]
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "portico" / f"kafka-{digest}"


def ensure_jars() -> Path:
    """Return the directory of the jars, fetching them when they are not there."""
    target = jar_directory()
    if target.exists():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    fetched = Path(tempfile.mkdtemp(dir=target.parent, prefix="fetching-"))
    try:
        _fetch(fetched)
        _check(fetched)
        fetched.rename(target)
    except OSError:
        # Another process was faster: its directory holds the same, checked files.
        if not target.exists():
            raise
    finally:
        shutil.rmtree(fetched, ignore_errors=True)
    return target


def _fetch(directory: Path) -> None:
    goal = [
        "dependency:copy-dependencies",
        "-DincludeScope=runtime",
        f"-DoutputDirectory={directory}",
    ]
    argv = ["mvn", "-q", "-B", "-C", "-f", str(RECIPE / "pom.xml"), *goal]
    try:
        result = subprocess.run(argv, capture_output=True, text=True, timeout=FETCH_SECONDS)
    except FileNotFoundError:
        raise EmbeddedError(
            "Maven is missing. Install it: apt-get install maven openjdk-17-jre-headless"
        ) from None
    if result.returncode != 0:
        raise EmbeddedError(f"Maven could not fetch Apache Kafka:\n{result.stdout[-2000:]}")


def _check(directory: Path) -> None:
    lines = (RECIPE / "jars.sha256").read_text().splitlines()
    expected = {name: digest for digest, name in (line.split() for line in lines)}
    found = {
        jar.name: hashlib.sha256(jar.read_bytes()).hexdigest() for jar in directory.glob("*.jar")
    }
    if found != expected:
        wrong = sorted(name for name, _ in set(found.items()) ^ set(expected.items()))
        raise EmbeddedError(f"Jars differ from {RECIPE / 'jars.sha256'}: {', '.join(wrong)}")
