"""Named queries: SQL lives in `<package>/queries/<noun>.sql`, never between Python lines.

Each query begins with `-- name: verb_noun` and a line that says what it does.
"""

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

_NAME = re.compile(r"^-- name: *([a-z][a-z0-9_]*) *$", re.MULTILINE)


@cache
def load_queries(package: str, name: str) -> Mapping[str, str]:
    """Read `<package>/queries/<name>.sql` into a table from query name to SQL text."""
    return parse_queries((files(package) / "queries" / f"{name}.sql").read_text("utf-8"), name)


def parse_queries(text: str, name: str) -> Mapping[str, str]:
    """Split the text of a query file at its `-- name:` lines."""
    _, *parts = _NAME.split(text)
    queries: dict[str, str] = {}
    for query, body in zip(parts[::2], parts[1::2], strict=True):
        if query in queries:
            raise ValueError(f"{name}.sql has two queries named {query}")
        queries[query] = body.strip().rstrip(";")
    return MappingProxyType(queries)
