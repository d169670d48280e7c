"""Attribute paths of PATCH operations and of keys in path-less bodies.

Understands names without case, URNs with a colon or a dot behind them, Entra's mistyped URNs, bare
names of extension attributes and value filters. What a path means depends on the schema alone.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from scim.domain.errors import ScimError, invalid_filter, invalid_path
from scim.protocol.filter_grammar import Comparison, Literal, comparisons, parse_expression
from scim.protocol.operations import Condition, Target
from scim.protocol.schema import SERVER_OWNED, Attribute, ResourceSchema
from scim.protocol.tolerances import Reading, Tolerance
from scim.protocol.values import coerce_sub

MAX_LENGTH = 1_000

_NAME = re.compile(r"[A-Za-z$][\w$\-]*")


@dataclass(frozen=True, slots=True)
class Parts:
    """What stands in a path: `name[where].sub`."""

    name: str
    where: str | None
    sub: str | None


@dataclass(frozen=True, slots=True)
class WholeSchema:
    """A path that names a whole schema: the core (None) or an extension."""

    extension: str | None


@dataclass(frozen=True, slots=True)
class Unknown:
    """A path to nothing that is stored."""


@dataclass(frozen=True, slots=True)
class ReadOnly:
    """A path to what the server alone writes."""

    name: str
    """In lower case."""


Resolved = Target | WholeSchema | Unknown | ReadOnly


@lru_cache(maxsize=4_096)
def resolve(schema: ResourceSchema, path: str, strict: bool = False) -> Resolved:
    """Find what a path means; raises `invalidPath` when it is no path at all."""
    if len(path) > MAX_LENGTH:
        raise invalid_path(f"The path is longer than {MAX_LENGTH} characters.")
    extension, rest = None, path.strip()
    if rest[:4].lower() == "urn:":
        split = schema.strip_urn(rest)
        if split is None:
            return Unknown()
        extension, rest = split
        if not rest:
            return WholeSchema(extension)
    reading = Reading("patch", strict=strict)
    found = _resolve_name(schema, extension, rest, reading)
    urn = found.attribute.extension if isinstance(found, Target) else None
    if urn is not None and not path.lower().startswith(f"{urn.lower()}:"):
        reading.tolerate(Tolerance.BARE_EXTENSION, path)
    return found


def _resolve_name(
    schema: ResourceSchema, extension: str | None, path: str, reading: Reading
) -> Resolved:
    parts = split_path(path)
    if parts is None:
        raise invalid_path(f"The path {path[:200]!r} cannot be read.")
    attribute = schema.attribute(parts.name, extension)
    if attribute is None:
        name = parts.name.lower()
        owned = extension is None and (name in SERVER_OWNED or name == "schemas")
        return ReadOnly(name) if owned else Unknown()
    if attribute.read_only:
        return ReadOnly(attribute.label.lower())
    where = () if parts.where is None else _conditions(attribute, parts.where, path, reading)
    if parts.sub is None:
        return Target(attribute, where)
    sub = attribute.subs.get(parts.sub.lower())
    if sub is None:
        return Unknown()
    return ReadOnly(sub.label.lower()) if sub.read_only else Target(attribute, where, sub)


def split_path(text: str) -> Parts | None:
    """Split a path at its first and last bracket and at its dot; None when it is no path.

    By hand: an expression with blanks in between would try every way to share them out.
    """
    head, opened, rest = text.partition("[")
    where, closed, tail = rest.rpartition("]")
    if opened and not closed:
        return None
    if not opened:
        head, dot, sub = head.partition(".")
    else:
        before, dot, sub = tail.partition(".")
        if before.strip():
            return None
    # Blanks may stand around the whole and around brackets, not behind the dot.
    name, sub = head.strip(), sub.rstrip()
    if not _NAME.fullmatch(name) or (dot and not _NAME.fullmatch(sub)):
        return None
    return Parts(name, where if opened else None, sub if dot else None)


def _conditions(
    attribute: Attribute, text: str, path: str, reading: Reading
) -> tuple[Condition, ...]:
    if not (attribute.multi_valued and attribute.is_complex):
        raise invalid_path(
            f"{attribute.label} has one value, so {path[:200]!r} cannot select in it."
        )
    expression = parse_expression(text, reading)
    return tuple(_condition(attribute, c, reading) for c in comparisons(expression))


def _condition(attribute: Attribute, comparison: Comparison, reading: Reading) -> Condition:
    sub = attribute.subs.get(comparison.path.lower())
    if sub is None or comparison.where is not None or comparison.value is None:
        raise invalid_filter(f"{attribute.label} cannot be selected by {comparison.path[:80]!r}.")
    literal = comparison.value
    try:
        value = None if literal.is_null else _literal(attribute, sub, literal, reading)
    except ScimError as error:
        raise invalid_filter(error.sentence) from error
    if value is None:
        raise invalid_filter(f"{sub.label} must be compared with a value.")
    return Condition(sub, value)


def _literal(attribute: Attribute, sub: Attribute, literal: Literal, reading: Reading) -> Any:
    """Return what a condition compares with: `true` without quotes is no text."""
    bare = sub.type == "boolean" and not literal.quoted
    return coerce_sub(attribute, sub, literal.text, Reading("find") if bare else reading)
