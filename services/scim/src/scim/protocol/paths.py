"""Attribute paths of PATCH operations and of keys in path-less bodies.

Understands names without case, URNs with a colon or a dot behind them, Entra's mistyped URNs, bare
names of extension attributes and value filters. What a path means depends on the schema alone.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from scim.domain.errors import ScimError, invalid_filter, invalid_path
from scim.protocol.filter_grammar import Comparison, comparisons, parse_expression
from scim.protocol.operations import Condition, Target
from scim.protocol.schema import SERVER_OWNED, Attribute, ResourceSchema
from scim.protocol.values import Dropped, coerce_sub

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
    """A path to nothing that is stored; `silent` when clients only repeat it from our responses."""

    silent: bool = False


Resolved = Target | WholeSchema | Unknown


@lru_cache(maxsize=4_096)
def resolve(schema: ResourceSchema, path: str) -> Resolved:
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
    return _resolve_name(schema, extension, rest, path)


def _resolve_name(schema: ResourceSchema, extension: str | None, rest: str, path: str) -> Resolved:
    parts = split_path(rest)
    if parts is None:
        raise invalid_path(f"The path {path[:200]!r} cannot be read.")
    attribute = schema.attribute(parts.name, extension)
    if attribute is None:
        return Unknown(silent=extension is None and parts.name.lower() in SERVER_OWNED)
    where = () if parts.where is None else _conditions(attribute, parts.where, path)
    if parts.sub is None:
        return Target(attribute, where)
    sub = attribute.subs.get(parts.sub.lower())
    if sub is None:
        return Unknown()
    return Unknown(silent=True) if sub.read_only else Target(attribute, where, sub)


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


def _conditions(attribute: Attribute, text: str, path: str) -> tuple[Condition, ...]:
    if not (attribute.multi_valued and attribute.is_complex):
        raise invalid_path(
            f"{attribute.label} has one value, so {path[:200]!r} cannot select in it."
        )
    return tuple(_condition(attribute, c) for c in comparisons(parse_expression(text)))


def _condition(attribute: Attribute, comparison: Comparison) -> Condition:
    sub = attribute.subs.get(comparison.path.lower())
    if sub is None or comparison.where is not None or comparison.value is None:
        raise invalid_filter(f"{attribute.label} cannot be selected by {comparison.path[:80]!r}.")
    literal = comparison.value
    try:
        value = None if literal.is_null else coerce_sub(attribute, sub, literal.text, Dropped())
    except ScimError as error:
        raise invalid_filter(error.sentence) from error
    if value is None:
        raise invalid_filter(f"{sub.label} must be compared with a value.")
    return Condition(sub, value)
