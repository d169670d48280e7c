"""Values in the type their attribute has: what the schema accepts, verbatim, or an `invalidValue`.

Reads leniently what Entra sends: booleans as strings, single values for lists and lists of one for
single values, bare strings for complex values, JSON as text (`tolerances`). `None`, the empty
string and the empty list all mean "no value", which comes back as None. A value of which nothing is
understood is never taken for none.
"""

from typing import Any

import orjson

from kernel.limits import MAX_VALUE_BYTES, fits
from scim.domain.errors import ScimError, invalid_value
from scim.protocol.schema import Attribute
from scim.protocol.tolerances import Reading, Tolerance

MAX_ENTRIES = 200

_BOOLEANS = {"true": True, "false": False}
_SURELY_FITS = MAX_VALUE_BYTES // 4
"""Characters; none takes more than four bytes."""
_KINDS = {dict: "an object", list: "a list", bool: "a boolean", type(None): "null"}
_PLAIN_MEMBER = frozenset({"value", "$ref", "type", "display"})
_ID_LENGTH = 36
_NAME_STEPS, _ENTRY_STEPS, _MEMBER_STEPS = 2, 6, 5
_WITHOUT_CONTENT = frozenset({"type", "primary"})


def coerce(attribute: Attribute, value: object, reading: Reading) -> Any:
    """Return the value in canonical form; None when it is to be cleared."""
    if not value and (value is None or value == "" or value == []):
        if value == "":
            reading.tolerate(Tolerance.EMPTY_TEXT, attribute.label)
        return None
    if attribute.multi_valued:
        return coerce_entries(attribute, value, reading) or None
    if attribute.is_complex:
        return _single_complex(attribute, value, reading)
    if attribute.type == "boolean":
        return _boolean(attribute, value, reading)
    return _string(attribute, value, reading)


def coerce_sub(attribute: Attribute, sub: Attribute, value: object, reading: Reading) -> Any:
    """Return the value of one sub-attribute; a role's value may be JSON text here as well."""
    coerced = coerce(sub, value, reading)
    if attribute.name == "roles" and sub.name == "value":
        while (role := _role_in(coerced)) is not None:
            coerced = coerce(sub, role["value"], reading)
    return coerced


def coerce_entries(attribute: Attribute, value: object, reading: Reading) -> list[dict[str, Any]]:
    """Return the entries of a multi-valued attribute; empty ones are left out.

    Except members: one without a value is an error, not an edit to be skipped.
    """
    if isinstance(value, str):
        value = _read_text(attribute, value, reading)
    if isinstance(value, list):
        values = value
    else:
        reading.tolerate(Tolerance.LOOSE_SHAPE, attribute.label)
        values = [value]
    reading.spend(len(values) * (_ENTRY_STEPS if _has_primary(attribute) else _MEMBER_STEPS))
    if not _has_primary(attribute):
        return [_plain_member(v) or _entry(attribute, v, reading) for v in values]
    entries = [_entry(attribute, v, reading) for v in values if v is not None and v != ""]
    return without_repeats(attribute, [e for e in entries if e])


def without_repeats(attribute: Attribute, entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave out equal entries; refuse two primary ones."""
    if len(entries) < 2 or not _has_primary(attribute):
        return entries
    distinct = list({frozenset(e.items()): e for e in reversed(entries)}.values())[::-1]
    if len(distinct) > MAX_ENTRIES:
        raise invalid_value(f"{attribute.label} has more than {MAX_ENTRIES} values.")
    if sum(e.get("primary") is True and not is_empty(e) for e in distinct) > 1:
        raise invalid_value(f"{attribute.label} has two primary values; at most one may be.")
    return distinct


def is_empty(entry: dict[str, Any]) -> bool:
    """Tell whether an entry has a type or a primary flag but no content."""
    return _WITHOUT_CONTENT.issuperset(entry)


def _plain_member(value: object) -> dict[str, Any] | None:
    """Return a member as nearly every client sends it: an id, and what says the same or nothing."""
    if isinstance(value, dict) and value.get("type", "User") == "User" and "value" in value:
        if not value.keys() <= _PLAIN_MEMBER:
            return None
        member = value["value"]
        if isinstance(member, str) and len(member) == _ID_LENGTH and "\x00" not in member:
            return {"value": member}
    return None


def _has_primary(attribute: Attribute) -> bool:
    return "primary" in attribute.subs


def _entry(attribute: Attribute, value: object, reading: Reading) -> dict[str, Any]:
    entry = _complex(attribute, value, reading)
    if "value" not in entry and is_empty(entry):
        _refuse_unknown(attribute, value, reading)
    if attribute.name == "roles":
        entry = _unfold_role(attribute, entry, reading)
    return {name: v for name, v in entry.items() if v is not None}


def _refuse_unknown(attribute: Attribute, value: object, reading: Reading) -> None:
    """Refuse a value of which no content was understood: it must not stand for no value."""
    if not isinstance(value, dict):
        return
    # What the server alone writes says as little as a name that nobody knows.
    known_subs = {name for name, sub in attribute.subs.items() if not sub.read_only}
    unknown = [n for n, v in value.items() if v is not None and n.lower() not in known_subs]
    if reading.verb == "create" or (value and not unknown):
        return
    named = f"not {unknown[0][:80]!r}" if unknown else "not an empty object"
    known = ", ".join(sub.name for sub in attribute.subs.values())
    raise invalid_value(f"A value of {attribute.label} has {known}, {named}; nothing was changed.")


def _read_text(attribute: Attribute, text: str, reading: Reading) -> object:
    """Read JSON that came as a text; a role's own JSON is `_unfold_role`'s."""
    start = text.lstrip()[:1]
    if start != "[" and (start != "{" or attribute.name == "roles"):
        return text
    try:
        value: object = orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
    reading.tolerate(Tolerance.JSON_AS_TEXT, attribute.label)
    return value


def _unfold_role(attribute: Attribute, entry: dict[str, Any], reading: Reading) -> dict[str, Any]:
    """Read the JSON text that Entra's AppRoleAssignmentsComplex puts into a role's value."""
    while (role := _role_in(entry.get("value"))) is not None:
        reading.tolerate(Tolerance.JSON_AS_TEXT, attribute.label)
        role.pop("id", None)
        entry = entry | {"value": None} | _complex(attribute, role, reading)
    return entry


def _role_in(text: str | None) -> dict[str, Any] | None:
    if text is None or not text.startswith("{"):
        return None
    try:
        role: dict[str, Any] = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return role if isinstance(role.get("value"), str) else None


def _single_complex(attribute: Attribute, value: object, reading: Reading) -> dict[str, Any] | None:
    if isinstance(value, str):
        value = _read_text(attribute, value, reading)
    if isinstance(value, list):
        if len(value) != 1:
            raise _wrong_type(attribute, "one value", value)
        reading.tolerate(Tolerance.LOOSE_SHAPE, attribute.label)
        value = value[0]
        if value is None or value == "":
            return None
    found = _complex(attribute, value, reading)
    if not found:
        _refuse_unknown(attribute, value, reading)
    return found


def _complex(attribute: Attribute, value: object, reading: Reading) -> dict[str, Any]:
    """Return sub-attributes by canonical name; those to be cleared are None."""
    if isinstance(value, str) and "value" in attribute.subs:
        value = _read_text(attribute, value, reading)
        if isinstance(value, str):
            reading.tolerate(Tolerance.LOOSE_SHAPE, attribute.label)
            return {"value": coerce(attribute.subs["value"], value, reading)}
    if not isinstance(value, dict):
        raise _wrong_type(attribute, "an object", value)
    reading.spend(len(value) * _NAME_STEPS)
    found: dict[str, Any] = {}
    for name, given in value.items():
        sub = attribute.subs.get(name.lower()) or _alias(attribute, name)
        if sub is None:
            _drop_unless_empty(attribute, name, given, reading)
        elif not sub.read_only:
            found[sub.name] = coerce(sub, given, reading)
    return found


def _alias(attribute: Attribute, name: str) -> Attribute | None:
    """Entra also writes a role's `display` as `displayName`."""
    if attribute.name == "roles" and name.lower() == "displayname":
        return attribute.subs["display"]
    return None


def _drop_unless_empty(attribute: Attribute, name: str, given: object, reading: Reading) -> None:
    if given is not None and name.lower() not in {"$ref", "display"}:
        reading.leave_out(f"{attribute.label}.{name}", Tolerance.UNKNOWN_KEY)


def _boolean(attribute: Attribute, value: object, reading: Reading) -> bool:
    value = _unwrap(attribute, value, reading)
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in _BOOLEANS:
        reading.tolerate(Tolerance.TEXT_AS_BOOLEAN, attribute.label)
        return _BOOLEANS[value.lower()]
    raise _wrong_type(attribute, "true or false", value)


def _string(attribute: Attribute, value: object, reading: Reading) -> str | None:
    if not isinstance(value, str):
        value = _unwrap(attribute, value, reading)
        if value is None or value == "":
            return None
        if not isinstance(value, str):
            raise _wrong_type(attribute, "a string", value)
    if "\x00" in value:
        raise invalid_value(f"{attribute.label} contains a NUL character, which cannot be stored.")
    if (
        len(value) > _SURELY_FITS
        and attribute.type == "string"
        and not fits(value, MAX_VALUE_BYTES)
    ):
        raise invalid_value(f"{attribute.label} is longer than {MAX_VALUE_BYTES} bytes.")
    if attribute.required and value.isspace():
        raise invalid_value(f"{attribute.label} must not be blank.")
    return value


def _unwrap(attribute: Attribute, value: object, reading: Reading) -> object:
    """Read a simple value in the old `[{"$ref":null,"value":…}]` wrapping."""
    if isinstance(value, list) and len(value) == 1:
        reading.tolerate(Tolerance.LOOSE_SHAPE, attribute.label)
        wrapped = value[0]
        return wrapped.get("value", wrapped) if isinstance(wrapped, dict) else wrapped
    return value


def _wrong_type(attribute: Attribute, expected: str, value: object) -> ScimError:
    given = repr(value[:40]) if isinstance(value, str) else _KINDS.get(type(value), "a number")
    return invalid_value(f"{attribute.label} must be {expected}, not {given}.")
