"""What the documentation points at exists: relative links, headings, paths of the repository."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest

from support.repository import ROOT

LINK = re.compile(r"\]\(([^)\s]+)\)")
CODE = re.compile(r"`([^`\n]+)`")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"/[^/]*\.(css|html|ini|json|lock|md|py|sh|sql|toml|txt|xml|ya?ml)$")
MADE_BY_RUNNING = (".data/", "deploy/.env", ".venv/")
# The change log names places as they were.
DOCUMENTS = sorted(
    path
    for pattern in ("*.md", "*/*/README.md", "docs/*.md", "docs/adr/*.md")
    for path in ROOT.glob(pattern)
    if path.name != "CHANGELOG.md"
)


def repository() -> list[PurePosixPath]:
    argv = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=30, check=True)
    return [PurePosixPath(name) for name in listed.stdout.split("\0") if name]


FILES = repository()
FOLDERS = {str(folder) for path in FILES for folder in path.parents}
TOP = {path.parts[0] for path in FILES if len(path.parts) > 1}


def headings(text: str) -> set[str]:
    """Return the anchors that a page has, spelt as hosts of Markdown spell them."""
    titles = re.findall(r"^#+ (.*)$", FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def broken_links(document: Path, text: str) -> Iterator[str]:
    """Yield relative links to files or headings that are not there."""
    for target in LINK.findall(CODE.sub("", FENCE.sub("", text))):
        name, _, anchor = target.partition("#")
        page = document.parent / name if name else document
        if re.match(r"[a-z]+:", target):
            continue
        if not page.exists():
            yield target
            continue
        found = headings(text if page == document else page.read_text()) if anchor else set()
        if anchor and anchor not in found:
            yield target


def broken_paths(text: str) -> Iterator[str]:
    """Yield quoted paths of a folder of ours, or of a file anywhere, that lead nowhere."""
    for quoted in CODE.findall(FENCE.sub("", text)):
        elsewhere = quoted.startswith(("/", *MADE_BY_RUNNING)) or re.search(r"\s|://", quoted)
        ours = "/" in quoted and quoted.split("/")[0] in TOP
        if (ours or FILE.search(quoted)) and not elsewhere and not leads_somewhere(quoted):
            yield quoted


def leads_somewhere(quoted: str) -> bool:
    """Tell whether it is a folder from the root on, or the end of a file's path."""
    pattern = re.sub(r"<[a-z ]+>", "*", quoted)
    folder = pattern.rstrip("/")
    return folder in FOLDERS or any(path.match(pattern) for path in FILES)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_and_paths_lead_somewhere(document: Path) -> None:
    text = document.read_text()
    assert [*broken_links(document, text), *broken_paths(text)] == []


def test_what_leads_nowhere_is_noticed() -> None:
    text = """# A title: in words
[a](docs/nowhere.md) [b](README.md#no-such-heading) [c](#a-title-in-words) [d](https://x.test/y)
`docs/nowhere` `reference/speed.md` `services/scim` `tests/unit/test_rules_*.py` `cli/<noun>.py`
`application/scim+json` `.data/run.json`
"""
    assert list(broken_links(ROOT / "README.md", text)) == [
        "docs/nowhere.md",
        "README.md#no-such-heading",
    ]
    assert list(broken_paths(text)) == ["docs/nowhere", "reference/speed.md"]
