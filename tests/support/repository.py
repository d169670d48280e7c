"""Where things are in the repository, for tests that check its rules."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
SERVICE_PACKAGES = {
    path.parents[2].name: path.parent.name
    for path in sorted(ROOT.glob("services/*/src/*/__init__.py"))
}
"""The package of each service, by the service's name."""
CODE = ("libs", "services", "deploy", "tools", "tests")


def python_files() -> list[Path]:
    """Return every Python file of the repository's own."""
    return sorted(path for folder in CODE for path in (ROOT / folder).rglob("*.py"))


def source_packages() -> list[Path]:
    """Return the directory of every installable package."""
    return sorted(path.parent for path in ROOT.glob("*/*/src/*/__init__.py"))
