"""Index paging: what `startIndex` and `count` ask for (RFC 7644 §3.4.2.4)."""

import re
from collections.abc import Iterable

from scim.domain.errors import invalid_value
from scim.domain.query import Page

DEFAULT_COUNT = 100
MAX_COUNT = 500

MAX_BYTES = 4 * 1024 * 1024
"""What a page may have; of resources that are larger together it has fewer, but at least one."""

_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")


def parse_page(start_index: str | None, count: str | None) -> Page:
    """Read the two parameters: a start below 1 means 1, a negative count 0, a large one the cap."""
    start = _integer("startIndex", start_index, 1)
    wanted = _integer("count", count, DEFAULT_COUNT)
    return Page(start_index=max(start, 1), count=min(max(wanted, 0), MAX_COUNT))


def fitting(resources: Iterable[bytes]) -> list[bytes]:
    """Return as many of the first resources as a page may have; no more are asked for."""
    page: list[bytes] = []
    fill(page, resources)
    return page


def fill(page: list[bytes], resources: Iterable[bytes]) -> bool:
    """Add as many of the resources as the page has room for; tell whether it is full."""
    size = sum(map(len, page))
    for resource in resources:
        size += len(resource)
        if page and size > MAX_BYTES:
            return True
        page.append(resource)
    return False


def _integer(name: str, text: str | None, default: int) -> int:
    if text is None or not text.strip():
        return default
    if not _INTEGER.fullmatch(text.strip()):
        raise invalid_value(f"{name} must be a whole number, not {text[:40]!r}.")
    return int(text)
