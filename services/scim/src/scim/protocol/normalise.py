"""Entra's dialects into one form: resource bodies into documents, PATCH bodies into operations.

Pure JSON to JSON and idempotent: a document or a canonical operation normalises to itself, and the
verbose and the compact wording of one edit to the same operations. Names we do not know are left
out and reported, because Entra sends whatever an admin has mapped.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from scim.domain.errors import ScimError, invalid_path, invalid_syntax, invalid_value, no_target
from scim.protocol.group_patch import group_change
from scim.protocol.operations import Op, Operation, Patch, Target
from scim.protocol.paths import WholeSchema, resolve
from scim.protocol.schema import ResourceSchema, group_schema, user_schema
from scim.protocol.user_patch import patch_user
from scim.protocol.values import Dropped, coerce, coerce_entries, coerce_sub

MAX_OPERATIONS = 1_000

_OPS = {"add": "add", "replace": "replace", "remove": "remove"}
_MISSING = object()


@dataclass(frozen=True, slots=True)
class NormalisedUser:
    """A user body understood: the document to store, and the names in it that we do not know."""

    document: dict[str, Any]
    dropped: tuple[str, ...]
    has_active: bool
    """Whether the body has `active`; if not, the document has the default."""


@dataclass(frozen=True, slots=True)
class NormalisedGroup:
    """A group body understood; `members` is None when the body has none."""

    display_name: str
    external_id: str | None
    members: tuple[UUID, ...] | None
    dropped: tuple[str, ...]


def normalise_user(body: object) -> NormalisedUser:
    """Read the body of POST or PUT /Users."""
    dropped = Dropped()
    operations = _resource(user_schema(), body, dropped)
    _require(operations, "userName", "map the user principal name to it")
    document = patch_user({}, operations)
    has_active = "active" in document
    return NormalisedUser({"active": True} | document, dropped.names, has_active)


def normalise_group(body: object) -> NormalisedGroup:
    """Read the body of POST or PUT /Groups."""
    dropped = Dropped()
    operations = _resource(group_schema(), body, dropped)
    _require(operations, "displayName", "map the group's name to it")
    change = group_change(operations)
    return NormalisedGroup(
        display_name=cast("str", change.display_name),
        external_id=change.external_id,
        members=change.add if change.clear_members else None,
        dropped=dropped.names,
    )


def normalise_user_patch(body: object) -> Patch:
    """Read the body of PATCH /Users/{id}."""
    return _patch(user_schema(), body)


def normalise_group_patch(body: object) -> Patch:
    """Read the body of PATCH /Groups/{id}."""
    return _patch(group_schema(), body)


def _resource(schema: ResourceSchema, body: object, dropped: Dropped) -> list[Operation]:
    if not isinstance(body, dict):
        raise invalid_syntax(f"The body must be a JSON object that describes a {schema.name}.")
    return list(_from_object(schema, "replace", body, dropped))


def _require(operations: list[Operation], name: str, remedy: str) -> None:
    values = [o.value for o in operations if o.target.attribute.name == name]
    if not values or values[-1] is None:
        raise invalid_value(f"{name} is required; {remedy}.")


def _patch(schema: ResourceSchema, body: object) -> Patch:
    dropped = Dropped()
    operations: list[Operation] = []
    for entry in _entries(body):
        operations += _operation(schema, entry, dropped)
    return Patch(tuple(operations), dropped.names)


def _entries(body: object) -> list[object]:
    if not isinstance(body, dict):
        raise invalid_syntax("The body must be a JSON object with a list of Operations.")
    entries = _member(body, "Operations")
    if not isinstance(entries, list):
        raise invalid_syntax("Operations is required and must be a list.")
    if len(entries) > MAX_OPERATIONS:
        raise invalid_value(f"At most {MAX_OPERATIONS} Operations are taken in one request.")
    return entries


def _operation(schema: ResourceSchema, entry: object, dropped: Dropped) -> Iterator[Operation]:
    if not isinstance(entry, dict):
        raise invalid_syntax("Each of the Operations must be an object.")
    op = _op(_member(entry, "op"))
    path, value = _member(entry, "path"), _member(entry, "value")
    if value is _MISSING and op != "remove":
        raise invalid_value(f"The operation {op!r} needs a value; null clears the attribute.")
    value = None if value is _MISSING else value
    if path is _MISSING or path is None or path == "":
        return _without_path(schema, op, value, dropped)
    if not isinstance(path, str):
        raise invalid_path("The path must be a string.")
    return _at_path(schema, op, path, value, dropped)


def _op(given: object) -> Op:
    op = _OPS.get(given.strip().lower()) if isinstance(given, str) else None
    if op is None:
        raise invalid_syntax("Each operation's op must be add, replace or remove.")
    return cast("Op", op)


def _member(body: dict[str, Any], name: str) -> Any:
    """Return the value under a name in any case."""
    if name in body:
        return body[name]
    lower = name.lower()
    return next((v for k, v in body.items() if k.lower() == lower), _MISSING)


def _without_path(
    schema: ResourceSchema, op: Op, value: object, dropped: Dropped
) -> Iterator[Operation]:
    if op == "remove":
        raise no_target("A remove operation needs a path.")
    if not isinstance(value, dict):
        raise invalid_value("An operation without a path needs an object of attributes as value.")
    return _from_object(schema, op, value, dropped)


def _from_object(
    schema: ResourceSchema, op: Op, value: dict[str, Any], dropped: Dropped, prefix: str = ""
) -> Iterator[Operation]:
    for key, given in value.items():
        try:
            yield from _at_path(schema, op, prefix + key, given, dropped)
        except ScimError as error:
            if error.scim_type != "invalidPath":
                raise
            dropped.add(prefix + key)


def _at_path(
    schema: ResourceSchema, op: Op, path: str, value: object, dropped: Dropped
) -> Iterator[Operation]:
    resolved = resolve(schema, path)
    if isinstance(resolved, Target):
        yield Operation(op, resolved, _value(op, resolved, value, dropped))
    elif isinstance(resolved, WholeSchema):
        yield from _in_schema(schema, op, resolved, value, dropped)
    elif not resolved.silent and (value is not None or op == "remove"):
        dropped.add(path)


def _in_schema(
    schema: ResourceSchema, op: Op, schema_path: WholeSchema, value: object, dropped: Dropped
) -> Iterator[Operation]:
    """Spread an extension's object over its attributes; clearing it clears each of them."""
    if schema_path.extension is None:
        if op == "remove" or value is None:
            raise no_target("A whole resource cannot be removed by PATCH; name its attributes.")
        prefix = f"{schema.urn}:"
    else:
        prefix = f"{schema_path.extension}:"
        if op == "remove" or value is None or value == "":
            for attribute in schema.extensions[schema_path.extension].values():
                yield Operation("remove", Target(attribute))
            return
    if not isinstance(value, dict):
        raise invalid_value(f"{prefix[:-1]} must be an object of attributes.")
    yield from _from_object(schema, op, value, dropped, prefix)


def _value(op: Op, target: Target, value: object, dropped: Dropped) -> Any:
    attribute = target.attribute
    if op == "remove":
        return _removed_values(target, value, dropped)
    if target.sub is not None:
        return coerce_sub(attribute, target.sub, value, dropped)
    if target.where and value is not None and value != "":
        entries = coerce_entries(attribute, value, dropped)
        if len(entries) > 1:
            raise invalid_value(f"{target.path} selects one place, but has several values.")
        return entries[0] if entries else None
    return coerce(attribute, value, dropped)


def _removed_values(target: Target, value: object, dropped: Dropped) -> Any:
    """Entra removes single members by value; with any other path the value is stray."""
    unselected = target.attribute.multi_valued and not target.where and target.sub is None
    if unselected and value == "" and target.attribute.name == "members":
        # Nobody is named, so nobody goes: a mapping that yields nothing must not empty a group.
        return []
    if not unselected or value is None or value == "":
        return None
    return coerce_entries(target.attribute, value, dropped)
