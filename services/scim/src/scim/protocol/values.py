"""Values in the type their attribute has: what the schema accepts, verbatim, or an `invalidValue`.

Reads leniently what Entra sends: booleans as strings, single values for lists and lists of one for
single values, bare strings for complex values, JSON inside a role's value. `None`, the empty string
and the empty list all mean "no value", which comes back as None.
"""

from typing import Any

import orjson

from kernel.names import comparison_key
from scim.domain.errors import ScimError, invalid_value
from scim.protocol.schema import Attribute

MAX_ENTRIES = 200

_BOOLEANS = {"true": True, "false": False}
_WITHOUT_CONTENT = frozenset({"type", "primary"})


class Dropped:
    """Collects the names a request uses and we do not keep."""

    MOST, LONGEST = 20, 100

    def __init__(self) -> None:
        self._names: dict[str, None] = {}

    def add(self, name: str) -> None:
        """Remember a name, cut to a length that a log can bear and without a filter's values."""
        head, opened, rest = name.partition("[")
        if opened:
            name = f"{head}[…]{rest.rpartition(']')[2] if ']' in rest else ''}"
        if len(self._names) < self.MOST:
            self._names[name[: self.LONGEST]] = None

    @property
    def names(self) -> tuple[str, ...]:
        """The names in the order they came, each once."""
        return tuple(self._names)


def coerce(attribute: Attribute, value: object, dropped: Dropped) -> Any:
    """Return the value in canonical form; None when it is to be cleared."""
    if value is None or value == "" or value == []:
        return None
    if attribute.multi_valued:
        return coerce_entries(attribute, value, dropped) or None
    if attribute.is_complex:
        return _single_complex(attribute, value, dropped)
    if attribute.type == "boolean":
        return _boolean(attribute, value)
    return _string(attribute, value)


def coerce_sub(attribute: Attribute, sub: Attribute, value: object, dropped: Dropped) -> Any:
    """Return the value of one sub-attribute; a role's value may be JSON text here as well."""
    coerced = coerce(sub, value, dropped)
    if attribute.name == "roles" and sub.name == "value":
        while (role := _role_in(coerced)) is not None:
            coerced = coerce(sub, role["value"], dropped)
    return coerced


def coerce_entries(attribute: Attribute, value: object, dropped: Dropped) -> list[dict[str, Any]]:
    """Return the entries of a multi-valued attribute; empty ones are left out.

    Except members: one without a value is an error, not an edit to be skipped.
    """
    values = value if isinstance(value, list) else [value]
    entries = [_entry(attribute, v, dropped) for v in values if v is not None and v != ""]
    return without_repeats(attribute, [e for e in entries if e or not _has_primary(attribute)])


def without_repeats(attribute: Attribute, entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave out equal entries; refuse two primary ones, or two of one type where types differ."""
    if len(entries) < 2 or not _has_primary(attribute):
        return entries
    distinct = list({frozenset(e.items()): e for e in reversed(entries)}.values())[::-1]
    if len(distinct) > MAX_ENTRIES:
        raise invalid_value(f"{attribute.label} has more than {MAX_ENTRIES} values.")
    if sum(e.get("primary") is True and not is_empty(e) for e in distinct) > 1:
        raise invalid_value(f"{attribute.label} has two primary values; at most one may be.")
    if attribute.has_unique_types:
        _refuse_repeated_types(attribute, distinct)
    return distinct


def is_empty(entry: dict[str, Any]) -> bool:
    """Tell whether an entry has a type or a primary flag but no content."""
    return _WITHOUT_CONTENT.issuperset(entry)


def _has_primary(attribute: Attribute) -> bool:
    return "primary" in attribute.subs


def _refuse_repeated_types(attribute: Attribute, entries: list[dict[str, Any]]) -> None:
    seen = set()
    for entry in entries:
        kind = entry.get("type")
        if kind is None or is_empty(entry):
            continue
        if comparison_key(kind) in seen:
            raise invalid_value(
                f"{attribute.label} has two values of type {kind[:40]!r}; keep one of each type."
            )
        seen.add(comparison_key(kind))


def _entry(attribute: Attribute, value: object, dropped: Dropped) -> dict[str, Any]:
    entry = _complex(attribute, value, dropped)
    if attribute.name == "roles":
        entry = _unfold_role(attribute, entry, dropped)
    return {name: v for name, v in entry.items() if v is not None}


def _unfold_role(attribute: Attribute, entry: dict[str, Any], dropped: Dropped) -> dict[str, Any]:
    """Read the JSON text that Entra's AppRoleAssignmentsComplex puts into a role's value."""
    while (role := _role_in(entry.get("value"))) is not None:
        role.pop("id", None)
        entry = entry | {"value": None} | _complex(attribute, role, dropped)
    return entry


def _role_in(text: str | None) -> dict[str, Any] | None:
    if text is None or not text.startswith("{"):
        return None
    try:
        role: dict[str, Any] = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return role if isinstance(role.get("value"), str) else None


def _single_complex(attribute: Attribute, value: object, dropped: Dropped) -> dict[str, Any] | None:
    if isinstance(value, list):
        if len(value) != 1:
            raise _wrong_type(attribute, "one value", value)
        value = value[0]
        if value is None or value == "":
            return None
    return _complex(attribute, value, dropped)


def _complex(attribute: Attribute, value: object, dropped: Dropped) -> dict[str, Any]:
    """Return sub-attributes by canonical name; those to be cleared are None."""
    if isinstance(value, str) and "value" in attribute.subs:
        return {"value": coerce(attribute.subs["value"], value, dropped)}
    if not isinstance(value, dict):
        raise _wrong_type(attribute, "an object", value)
    found: dict[str, Any] = {}
    for name, given in value.items():
        sub = attribute.subs.get(name.lower()) or _alias(attribute, name)
        if sub is None:
            _drop_unless_empty(attribute, name, given, dropped)
        elif not sub.read_only:
            found[sub.name] = coerce(sub, given, dropped)
    return found


def _alias(attribute: Attribute, name: str) -> Attribute | None:
    """Entra also writes a role's `display` as `displayName`."""
    if attribute.name == "roles" and name.lower() == "displayname":
        return attribute.subs["display"]
    return None


def _drop_unless_empty(attribute: Attribute, name: str, given: object, dropped: Dropped) -> None:
    if given is not None and name.lower() not in {"$ref", "display"}:
        dropped.add(f"{attribute.label}.{name}")


def _boolean(attribute: Attribute, value: object) -> bool:
    value = _unwrap(value)
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in _BOOLEANS:
        return _BOOLEANS[value.lower()]
    raise _wrong_type(attribute, "true or false", value)


def _string(attribute: Attribute, value: object) -> str | None:
    value = _unwrap(value)
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise _wrong_type(attribute, "a string", value)
    if "\x00" in value:
        raise invalid_value(f"{attribute.label} contains a NUL character, which cannot be stored.")
    if attribute.required and value.isspace():
        raise invalid_value(f"{attribute.label} must not be blank.")
    return value


def _unwrap(value: object) -> object:
    """Read a simple value in the old `[{"$ref":null,"value":…}]` wrapping."""
    if isinstance(value, list) and len(value) == 1:
        wrapped = value[0]
        return wrapped.get("value", wrapped) if isinstance(wrapped, dict) else wrapped
    return value


def _wrong_type(attribute: Attribute, expected: str, value: object) -> ScimError:
    kinds = {dict: "an object", list: "a list", str: f"{str(value)[:40]!r}", bool: "a boolean"}
    given = kinds.get(type(value), "a number")
    return invalid_value(f"{attribute.label} must be {expected}, not {given}.")
