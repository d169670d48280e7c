"""Named queries: SQL lives in `<room>/queries/<noun>.sql`, never between Python lines.

Each query begins with `-- name: verb_noun` and a line that says what it does. Its parameters have
names, `:tenant_id`; a call gives each of them a value by name: `fetch(*FIND_USER(tenant_id=…))`.
What could be mistaken for a parameter, or hide one, is refused when the file is read.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from operator import itemgetter
from types import MappingProxyType
from typing import Any

_NAME = re.compile(r"^-- name: *([a-z][a-z0-9_]*) *$", re.MULTILINE)
_PARAMETER = re.compile(
    r"""
      --[^\n]* | (?P<comment> /\*.*?\*/ )
    | (?P<string> (?:\b[eE])?'(?:[^']|'')*' )
    | "[^"]*" | \$(?P<tag>(?:[^\W\d]\w*)?)\$.*?\$(?P=tag)\$ | ::
    | (?P<position> \$\d )
    | (?P<before> [\w\[)\]]? ) : (?P<parameter> [a-z][a-z0-9_]* ) (?P<after> \w? )
    """,
    re.DOTALL | re.VERBOSE,
)
"""What may hold a colon that is no parameter comes first: comments, strings, names, casts."""


@dataclass(frozen=True, slots=True)
class Query:
    """A statement whose parameters have names."""

    name: str
    sql: str
    """As PostgreSQL takes it: `$1` is the first of `parameters`, and so on."""
    parameters: tuple[str, ...]
    _values_of: Callable[[Mapping[str, object]], tuple[Any, ...]] = field(
        init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        object.__setattr__(self, "_values_of", _getter(self.parameters))

    def __call__(self, **values: object) -> tuple[Any, ...]:
        """Return the statement and its values, as asyncpg's methods take them.

        Raises:
            TypeError: A parameter has no value, or a value no parameter.
        """
        try:
            arguments = self._values_of(values)
        except KeyError as error:
            raise TypeError(f"{self.name} needs a value for {error}") from None
        if len(arguments) != len(values):
            unknown = ", ".join(values.keys() - set(self.parameters))
            raise TypeError(f"{self.name} has no parameter {unknown}")
        return (self.sql, *arguments)


def _getter(names: tuple[str, ...]) -> Callable[[Mapping[str, object]], tuple[Any, ...]]:
    """Return what picks these values out of a mapping, in this order and as fast as can be."""
    if len(names) > 1:
        return itemgetter(*names)
    if not names:
        return lambda _values: ()
    [name] = names
    return lambda values: (values[name],)


@cache
def read_queries(package: str, name: str) -> Mapping[str, Query]:
    """Read `<package>/queries/<name>.sql` into a table from name to query."""
    return parse_queries((files(package) / "queries" / f"{name}.sql").read_text("utf-8"), name)


def parse_queries(text: str, name: str) -> Mapping[str, Query]:
    """Split the text of a query file at its `-- name:` lines."""
    _, *parts = _NAME.split(text)
    queries: dict[str, Query] = {}
    for query, body in zip(parts[::2], parts[1::2], strict=True):
        if query in queries:
            raise ValueError(f"{name}.sql has two queries named {query}")
        queries[query] = parse_query(query, body.strip().rstrip(";"))
    return MappingProxyType(queries)


def parse_query(name: str, text: str) -> Query:
    """Give the named parameters of one statement their numbers.

    Raises:
        ValueError: It has something in it that could be misread.
    """
    numbers: dict[str, int] = {}

    def number(match: re.Match[str]) -> str:
        fault = _fault_of(match)
        if fault is not None:
            raise ValueError(f"{name} has {match[0]!r}: {fault}")
        parameter = match["parameter"]
        if parameter is None:
            return match[0]
        return f"${numbers.setdefault(parameter, len(numbers) + 1)}"

    sql = _PARAMETER.sub(number, text)
    return Query(name, sql, tuple(numbers))


def _fault_of(match: re.Match[str]) -> str | None:
    """Return why this part of a statement is refused, if it is."""
    if match["position"]:
        return "a named query has no numbered parameters"
    if match["before"] or match["after"]:
        return "a parameter is lower case and stands apart; a slice casts its bounds"
    if "/*" in (match["comment"] or "")[2:]:
        return "comments do not nest"
    if (match["string"] or "")[:1] in {"e", "E"} and "\\'" in match["string"]:
        return "a quote in a string is doubled, not escaped"
    return None
