"""What may change within a version of an event type: nothing but new optional properties.

Records are kept for ever and services are deployed one by one, so new readers read old records and
old readers read new ones. A change must be harmless both ways; each rule names one that is not.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Node = Mapping[str, Any]

LOWER_LIMITS = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
UPPER_LIMITS = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
ALL_TYPES = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})


@dataclass(frozen=True, slots=True)
class Breach:
    """One change that would break a reader."""

    rule: str
    path: str
    """Where in the data: `user.email`; empty for the whole."""
    what: str

    def __str__(self) -> str:
        return f"{self.rule} at {self.path or 'the top'}: {self.what}"


def breaches(old: Node, new: Node) -> list[Breach]:
    """Return every rule that the change from one schema of an event type to the next breaks."""
    return list(_Comparison(old, new).compare(old, new, ""))


class _Comparison:
    """Two documents; `$ref` is followed in each."""

    def __init__(self, old: Node, new: Node) -> None:
        self._old = old
        self._new = new
        self._seen: set[tuple[str, str]] = set()

    def compare(self, old: Node, new: Node, path: str) -> Iterator[Breach]:
        """Compare two nodes and everything below them."""
        pair = (str(old.get("$ref")), str(new.get("$ref")))
        if pair != ("None", "None"):
            if pair in self._seen:
                return
            self._seen.add(pair)
        old, new = flatten(old, self._old), flatten(new, self._new)
        for rule in RULES:
            yield from rule(old, new, path)
        yield from self._below(old, new, path)
        self._seen.discard(pair)

    def _below(self, old: Node, new: Node, path: str) -> Iterator[Breach]:
        before, after = old.get("properties", {}), new.get("properties", {})
        for name in before.keys() & after.keys():
            yield from self.compare(before[name], after[name], f"{path}.{name}".lstrip("."))
        for keyword, mark in (("items", "[]"), ("additionalProperties", "{}")):
            if isinstance(old.get(keyword), Mapping) and isinstance(new.get(keyword), Mapping):
                yield from self.compare(old[keyword], new[keyword], path + mark)
        yield from self._alternatives(old, new, path)

    def _alternatives(self, old: Node, new: Node, path: str) -> Iterator[Breach]:
        before, after = old.get("anyOf", []), new.get("anyOf", [])
        if len(before) != len(after):
            yield Breach("alternatives-changed", path, f"{len(before)} became {len(after)}")
            return
        for number, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from self.compare(one, other, f"{path}|{number}")


def flatten(node: Node, document: Node) -> Node:
    """Follow `$ref` and turn "this or null" into one node with two types."""
    while "$ref" in node:
        rest = {key: value for key, value in node.items() if key != "$ref"}
        target: Any = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = {**target, **rest}
    alternatives = node.get("anyOf")
    if not alternatives:
        return node
    others = [one for one in alternatives if one.get("type") != "null"]
    if len(others) != 1 or len(others) == len(alternatives):
        return node
    rest = {key: value for key, value in node.items() if key != "anyOf"}
    only = flatten(others[0], document)
    return {**only, **rest, "type": sorted({*types_of(only), "null"})}


def types_of(node: Node) -> frozenset[str]:
    """Return the JSON types that a node allows."""
    declared = node.get("type")
    if declared is None:
        return ALL_TYPES
    types = {declared} if isinstance(declared, str) else set(declared)
    # JSON Schema counts an integer among the numbers.
    return frozenset(types | {"integer"} if "number" in types else types)


def property_removed(old: Node, new: Node, path: str) -> Iterator[Breach]:
    """An old reader may need it, and a new one would lose what old records hold."""
    for name in sorted(old.get("properties", {}).keys() - new.get("properties", {}).keys()):
        yield Breach("property-removed", path, f"{name} is gone")


def required_added(old: Node, new: Node, path: str) -> Iterator[Breach]:
    """A new reader would refuse the old records, which do not have it."""
    for name in sorted(set(new.get("required", [])) - set(old.get("required", []))):
        yield Breach("required-added", path, f"{name} is required now")


def required_dropped(old: Node, new: Node, path: str) -> Iterator[Breach]:
    """An old reader would refuse new records, which may lack it."""
    dropped = set(old.get("required", [])) - set(new.get("required", []))
    for name in sorted(dropped & new.get("properties", {}).keys()):
        yield Breach("required-dropped", path, f"{name} may be missing now")


def type_narrowed(old: Node, new: Node, path: str) -> Iterator[Breach]:
    """A new reader would refuse old records."""
    lost = types_of(old) - types_of(new)
    if lost:
        yield Breach("type-narrowed", path, f"no longer {_or(lost)}")


def type_widened(old: Node, new: Node, path: str) -> Iterator[Breach]:
    """An old reader would refuse new records."""
    gained = types_of(new) - types_of(old)
    if gained:
        yield Breach("type-widened", path, f"may be {_or(gained)} now")


def enum_narrowed(old: Node, new: Node, path: str) -> Iterator[Breach]:
    """A new reader would refuse old values."""
    if _values(new) is not None:
        lost = "any value" if _values(old) is None else _missing(_values(old), _values(new))
        if lost:
            yield Breach("enum-narrowed", path, f"no longer {lost}")


def enum_widened(old: Node, new: Node, path: str) -> Iterator[Breach]:
    """An old reader would refuse new values; open strings do not have this trouble."""
    if _values(old) is not None:
        gained = "any value" if _values(new) is None else _missing(_values(new), _values(old))
        if gained:
            yield Breach("enum-widened", path, f"may be {gained} now")


def limit_tightened(old: Node, new: Node, path: str) -> Iterator[Breach]:
    """A new reader would refuse old records."""
    for name, before, after in _changed_limits(old, new):
        if _is_tighter(name, before, after):
            yield Breach("limit-tightened", path, f"{name} {before} became {after}")


def limit_loosened(old: Node, new: Node, path: str) -> Iterator[Breach]:
    """An old reader would refuse new records."""
    for name, before, after in _changed_limits(old, new):
        if not _is_tighter(name, before, after):
            yield Breach("limit-loosened", path, f"{name} {before} became {after}")


def pattern_changed(old: Node, new: Node, path: str) -> Iterator[Breach]:
    """Nobody can tell whether one pattern contains another."""
    if old.get("pattern") != new.get("pattern"):
        yield Breach("pattern-changed", path, f"{old.get('pattern')} became {new.get('pattern')}")


def format_changed(old: Node, new: Node, path: str) -> Iterator[Breach]:
    """Models refuse what does not have the format."""
    if old.get("format") != new.get("format"):
        yield Breach("format-changed", path, f"{old.get('format')} became {new.get('format')}")


def default_changed(old: Node, new: Node, path: str) -> Iterator[Breach]:
    """An old record without the property would mean something else."""
    if ("default" in old, old.get("default")) != ("default" in new, new.get("default")):
        yield Breach(
            "default-changed", path, f"{old.get('default')!r} became {new.get('default')!r}"
        )


def unknown_refused(old: Node, new: Node, path: str) -> Iterator[Breach]:
    """Readers ignore what they do not know, or nothing could ever be added."""
    if new.get("additionalProperties") is False and old.get("additionalProperties") is not False:
        yield Breach("unknown-refused", path, "unknown properties are refused now")


RULES: tuple[Callable[[Node, Node, str], Iterator[Breach]], ...] = (
    property_removed,
    required_added,
    required_dropped,
    type_narrowed,
    type_widened,
    enum_narrowed,
    enum_widened,
    limit_tightened,
    limit_loosened,
    pattern_changed,
    format_changed,
    default_changed,
    unknown_refused,
)


def _values(node: Node) -> list[Any] | None:
    if "const" in node:
        return [node["const"]]
    values = node.get("enum")
    return list(values) if values is not None else None


def _missing(values: list[Any] | None, among: list[Any] | None) -> str:
    return ", ".join(repr(value) for value in values or [] if value not in (among or []))


def _changed_limits(old: Node, new: Node) -> Iterator[tuple[str, Any, Any]]:
    for name in (*LOWER_LIMITS, *UPPER_LIMITS):
        if old.get(name) != new.get(name):
            yield name, old.get(name), new.get(name)


def _is_tighter(name: str, before: Any, after: Any) -> bool:
    if before is None or after is None:
        return before is None
    return bool(after > before if name in LOWER_LIMITS else after < before)


def _or(types: frozenset[str]) -> str:
    return " or ".join(sorted(types))
