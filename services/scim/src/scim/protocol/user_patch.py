"""Applies operations to a user's document: all of them on a copy, or none.

Merge rules (RFC 7644 §3.5.2, and entra-scim facts where Entra needs more): complex values merge by
sub-attribute, what is selected by type or primary and is missing is made, what is selected by
anything else must be there, an added entry stands beside those there are unless its value is there
already, one entry at most is primary, and entries left without a value disappear.
"""

from collections.abc import Iterable
from typing import Any

from scim.domain.errors import invalid_value, mutability, no_target
from scim.protocol.entries import Entry, Finder, keep_one_primary
from scim.protocol.operations import Operation, Target
from scim.protocol.schema import Attribute
from scim.protocol.tolerances import Reading, Tolerance
from scim.protocol.values import MAX_ENTRIES, is_empty, without_repeats

Document = dict[str, Any]

_MAKING = frozenset({"type", "primary"})


def patch_user(
    document: Document, operations: Iterable[Operation], *, strict: bool = False
) -> Document:
    """Return the document after the operations; an equal one means that nothing changed."""
    patched = _copy(document)
    touched: dict[Attribute, None] = {}
    reading = Reading("patch", strict=strict)
    finder = Finder(reading)
    for operation in operations:
        attribute = operation.target.attribute
        parent = patched
        if attribute.extension is not None:
            parent = patched.setdefault(attribute.extension, {})
        _apply(parent, operation, finder, reading)
        touched[attribute] = None
    for attribute in touched:
        _clean_up(patched, attribute)
    return patched


def _copy(document: Document) -> Document:
    return {name: _copy_value(value) for name, value in document.items()}


def _copy_value(value: Any) -> Any:
    if isinstance(value, list):
        return [dict(entry) for entry in value]
    return _copy(value) if isinstance(value, dict) else value


def _apply(parent: Document, operation: Operation, finder: Finder, reading: Reading) -> None:
    attribute = operation.target.attribute
    if attribute.multi_valued:
        entries = parent.get(attribute.name, [])
        entries = _apply_to_entries(entries, operation, finder, reading)
        if len(entries) > MAX_ENTRIES:
            raise invalid_value(f"{attribute.label} has more than {MAX_ENTRIES} values.")
        parent[attribute.name] = entries
    elif attribute.is_complex:
        _apply_to_complex(parent, operation)
    elif operation.op == "remove" or operation.value is None:
        if attribute.required:
            raise mutability(f"{attribute.label} is required and cannot be removed.")
        parent.pop(attribute.name, None)
    else:
        parent[attribute.name] = operation.value


def _apply_to_complex(parent: Document, operation: Operation) -> None:
    target, value = operation.target, operation.value
    if target.sub is not None:
        value = {target.sub.name: None if operation.op == "remove" else value}
    elif operation.op == "remove" or value is None:
        parent.pop(target.attribute.name, None)
        return
    _merge(parent.setdefault(target.attribute.name, {}), value)


def _merge(entry: Entry, value: dict[str, Any]) -> None:
    for name, given in value.items():
        if given is None:
            entry.pop(name, None)
        else:
            entry[name] = given


def _apply_to_entries(
    entries: list[Entry], operation: Operation, finder: Finder, reading: Reading
) -> list[Entry]:
    target, value = operation.target, operation.value
    if operation.op == "remove" or (value is None and target.sub is None):
        return _remove(entries, operation, finder)
    if target.where or target.sub is not None:
        return _set_selected(entries, operation, finder, reading)
    if operation.op == "replace":
        return [dict(entry) for entry in value]
    finder.add(entries, target.attribute, value or ())
    return entries


def _remove(entries: list[Entry], operation: Operation, finder: Finder) -> list[Entry]:
    target, value = operation.target, operation.value
    if operation.op == "add":
        return entries if not target.where else finder.without(entries, target.where)
    if target.sub is not None:
        for entry in finder.selected(entries, target.where):
            entry.pop(target.sub.name, None)
        return entries
    if target.where:
        return finder.without(entries, target.where)
    if value is None:
        return []
    return finder.not_named(target.attribute, entries, value)


def _set_selected(
    entries: list[Entry], operation: Operation, finder: Finder, reading: Reading
) -> list[Entry]:
    target = operation.target
    value = operation.value if target.sub is None else {target.sub.name: operation.value}
    selected = finder.selected(entries, target.where)
    reading.spend(len(selected) * finder.length(value))
    if not selected:
        return _make_selected(entries, target, value, reading)
    for entry in selected:
        if operation.op == "replace" and target.sub is None:
            entry.clear()
            entry.update({c.sub.name: c.value for c in target.where})
        _merge(entry, value)
    keep_one_primary(entries, selected)
    return entries


def _make_selected(
    entries: list[Entry], target: Target, value: dict[str, Any], reading: Reading
) -> list[Entry]:
    """Make what a path selects by type or primary, as Entra needs it; nothing else comes so."""
    if not _MAKING.issuperset(c.sub.name for c in target.where):
        raise no_target(f"Nothing in {target.attribute.label} is selected by {target.path[:200]}.")
    reading.tolerate(Tolerance.MADE_BY_SELECTION, target.path)
    given = {name: v for name, v in value.items() if v is not None}
    if given:
        made = {c.sub.name: c.value for c in target.where} | given
        entries.append(made)
        keep_one_primary(entries, [made])
    return entries


def _clean_up(document: Document, attribute: Attribute) -> None:
    """Check what was touched, and remove empty entries, objects and extensions from it."""
    parent = document
    if attribute.extension is not None:
        parent = document.get(attribute.extension, {})
    if attribute.multi_valued and attribute.name in parent:
        kept = [e for e in parent[attribute.name] if not is_empty(e)]
        parent[attribute.name] = without_repeats(attribute, kept)
    if attribute.is_complex and not parent.get(attribute.name, True):
        del parent[attribute.name]
    if attribute.extension is not None and not parent:
        document.pop(attribute.extension, None)
