"""Entra's dialects into one form: resource bodies into documents, PATCH bodies into operations.

Pure JSON to JSON and idempotent: a document or a canonical operation normalises to itself, and the
verbose and the compact wording of one edit to the same operations. Names we do not know are left
out and reported, because Entra sends whatever an admin has mapped.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from scim.domain.errors import (
    ScimError,
    invalid_path,
    invalid_syntax,
    invalid_value,
    no_target,
    too_large,
)
from scim.protocol.echoes import ECHOED, check_read_only, read_echoes
from scim.protocol.group_patch import group_change
from scim.protocol.operations import Op, Operation, Patch, Target
from scim.protocol.paths import ReadOnly, WholeSchema, resolve
from scim.protocol.schema import ResourceSchema, group_schema, user_schema
from scim.protocol.tolerances import Reading, Tolerance, Verb
from scim.protocol.user_patch import patch_user
from scim.protocol.values import coerce, coerce_entries, coerce_sub

MAX_OPERATIONS = {"User": 1_000, "Group": 2_500}
"""A first sync may name each member of a group in an operation of its own."""

_OPS = {"add": "add", "replace": "replace", "remove": "remove"}
_PATCH_URN = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
_LEFT_OUT = {"invalidPath": Tolerance.UNKNOWN_KEY, "mutability": Tolerance.ECHO}
"""What one key of a body without a path may be without hindering the others."""
_MISSING = object()
_MOST_SCHEMAS = 20
_OPERATION_STEPS, _PATH_STEPS, _SELECTION_STEPS = 8, 10, 40


@dataclass(frozen=True, slots=True)
class NormalisedUser:
    """A user body understood: the document to store, and what was left out of it and why."""

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


def normalise_user(body: object, verb: Verb = "create", *, strict: bool = False) -> NormalisedUser:
    """Read the body of POST (`create`) or PUT (`replace`) /Users."""
    reading = Reading(verb, strict=strict)
    operations = _resource(user_schema(), body, reading)
    _require(operations, "userName", "map the user principal name to it")
    document = patch_user({}, operations)
    has_active = "active" in document
    return NormalisedUser({"active": True} | document, reading.left_out, has_active)


def normalise_group(
    body: object, verb: Verb = "create", *, strict: bool = False
) -> NormalisedGroup:
    """Read the body of POST (`create`) or PUT (`replace`) /Groups."""
    reading = Reading(verb, strict=strict)
    operations = _resource(group_schema(), body, reading)
    _require(operations, "displayName", "map the group's name to it")
    change = group_change(operations)
    return NormalisedGroup(
        display_name=cast("str", change.display_name),
        external_id=change.external_id,
        members=change.add if change.clear_members else None,
        dropped=reading.left_out,
    )


def normalise_user_patch(body: object, *, strict: bool = False) -> Patch:
    """Read the body of PATCH /Users/{id}."""
    return _patch(user_schema(), body, Reading("patch", strict=strict))


def normalise_group_patch(body: object, *, strict: bool = False) -> Patch:
    """Read the body of PATCH /Groups/{id}."""
    return _patch(group_schema(), body, Reading("patch", strict=strict))


def _resource(schema: ResourceSchema, body: object, reading: Reading) -> list[Operation]:
    if not isinstance(body, dict):
        raise invalid_syntax(f"The body must be a JSON object that describes a {schema.name}.")
    reading.spend(len(body))
    check_schemas(body, schema.urn, reading)
    return list(_from_object(schema, "replace", body, reading))


def check_schemas(body: dict[str, Any], urn: str, reading: Reading) -> None:
    """Notice a body that names other schemas than its own, or none."""
    named = _member(body, "schemas")
    if not isinstance(named, list):
        named = []
    if urn in named:
        return
    names = [name.lower() for name in named[:_MOST_SCHEMAS] if isinstance(name, str)]
    if urn.lower() in names:
        return
    if names and reading.verb == "patch":
        reading.leave_out("schemas", Tolerance.NO_SCHEMAS)
    reading.tolerate(Tolerance.NO_SCHEMAS, "schemas")


def _require(operations: list[Operation], name: str, remedy: str) -> None:
    values = [o.value for o in operations if o.target.attribute.name == name]
    if not values or values[-1] is None:
        raise invalid_value(f"{name} is required; {remedy}.")


def _patch(schema: ResourceSchema, body: object, reading: Reading) -> Patch:
    operations: list[Operation] = []
    for entry in _entries(schema, body, reading):
        operations += _operation(schema, entry, reading)
    if not operations and reading.added_nothing is not None:
        raise invalid_value(
            f"There is nothing to add to {reading.added_nothing}; to clear it replace it with null."
        )
    return Patch(tuple(operations), reading.left_out, reading.strict, tuple(reading.repeated_ids))


def _entries(schema: ResourceSchema, body: object, reading: Reading) -> list[object]:
    if not isinstance(body, dict):
        raise invalid_syntax("The body must be a JSON object with a list of Operations.")
    entries = _member(body, "Operations")
    if not isinstance(entries, list):
        raise invalid_syntax("Operations is required and must be a list.")
    most = MAX_OPERATIONS[schema.name]
    if len(entries) > most:
        raise too_large(f"At most {most} Operations are taken in one request; send several.")
    check_schemas(body, _PATCH_URN, reading)
    if not entries:
        reading.tolerate(Tolerance.NO_OPERATIONS, "Operations")
    return entries


def _operation(schema: ResourceSchema, entry: object, reading: Reading) -> Iterator[Operation]:
    if not isinstance(entry, dict):
        raise invalid_syntax("Each of the Operations must be an object.")
    reading.spend(_OPERATION_STEPS)
    op = _op(_member(entry, "op"), reading)
    path, value = _member(entry, "path"), _member(entry, "value")
    if value is _MISSING and op != "remove":
        raise invalid_value(f"The operation {op!r} needs a value; null clears the attribute.")
    value = None if value is _MISSING else value
    if path is _MISSING or path is None or path == "":
        return _without_path(schema, op, value, reading)
    if not isinstance(path, str):
        raise invalid_path("The path must be a string.")
    return _at_path(schema, op, path, value, reading)


def _op(given: object, reading: Reading) -> Op:
    op = _OPS.get(given.strip().lower()) if isinstance(given, str) else None
    if op is None:
        raise invalid_syntax("Each operation's op must be add, replace or remove.")
    if op != given:
        reading.tolerate(Tolerance.OP_IN_ANY_CASE, f"op {given!r}")
    return cast("Op", op)


def _member(body: dict[str, Any], name: str) -> Any:
    """Return the value under a name in any case."""
    if name in body:
        return body[name]
    lower = name.lower()
    return next((v for k, v in body.items() if k.lower() == lower), _MISSING)


def _without_path(
    schema: ResourceSchema, op: Op, value: object, reading: Reading
) -> Iterator[Operation]:
    if op == "remove":
        raise no_target("A remove operation needs a path.")
    if isinstance(value, list) and len(value) == 1:
        reading.tolerate(Tolerance.LIST_WITHOUT_PATH, "value")
        value = value[0]
    if not isinstance(value, dict):
        raise invalid_value("An operation without a path needs an object of attributes as value.")
    reading.spend(len(value))
    echoed = {name: given for name, given in value.items() if name.lower() in ECHOED}
    if not echoed:
        return _from_object(schema, op, value, reading)
    rest = {name: given for name, given in value.items() if name not in echoed}
    operations = list(_from_object(schema, op, rest, reading))
    read_echoes(schema, echoed, reading, alone=not operations)
    return iter(operations)


def _from_object(
    schema: ResourceSchema, op: Op, value: dict[str, Any], reading: Reading, prefix: str = ""
) -> Iterator[Operation]:
    refused: ScimError | None = None
    understood = False
    for key, given in value.items():
        if reading.strict:
            _check_key(schema, prefix + key, reading)
        try:
            for operation in _at_path(schema, op, prefix + key, given, reading):
                understood = True
                yield operation
        except ScimError as error:
            tolerance = _LEFT_OUT.get(error.scim_type or "")
            if tolerance is None or reading.strict:
                raise
            reading.leave_out(prefix + key, tolerance)
            refused = error if error.scim_type == "mutability" else refused
    if refused is not None and not understood:
        # Next to a change it is an echo; alone it is what the client wants.
        raise refused


def _check_key(schema: ResourceSchema, key: str, reading: Reading) -> None:
    is_urn = key[:4].lower() == "urn:"
    name = schema.bare_name(key)
    if ("." in name or "[" in name) and not (is_urn and name == key):
        reading.tolerate(Tolerance.PATH_AS_KEY, key)


def _at_path(
    schema: ResourceSchema, op: Op, path: str, value: object, reading: Reading
) -> Iterator[Operation]:
    reading.spend(_SELECTION_STEPS if "[" in path else _PATH_STEPS)
    resolved = resolve(schema, path, reading.strict)
    if isinstance(resolved, Target):
        read = _value(op, resolved, value, reading)
        # No members are as many as any other number of them.
        if op == "add" and resolved.attribute.name != "members":
            read = _without_nothing(read)
            if read is None:
                reading.leave_out(path, Tolerance.ADD_OF_NOTHING)
                return
        yield Operation(op, resolved, read)
    elif isinstance(resolved, WholeSchema):
        yield from _in_schema(schema, op, resolved, value, reading)
    elif isinstance(resolved, ReadOnly):
        if reading.verb == "patch":  # POST and PUT ignore what is read-only.
            check_read_only(schema, op, path, resolved.name, value)
    elif value is not None or op == "remove":
        patches = reading.verb == "patch"
        reading.leave_out(path, Tolerance.UNKNOWN_NAME if patches else Tolerance.UNKNOWN_KEY)


def _without_nothing(value: Any) -> Any:
    """Return what there is to add: an empty value takes nothing away, as it does in a replace."""
    if not isinstance(value, dict):
        return value
    return {name: given for name, given in value.items() if given is not None} or None


def _in_schema(
    schema: ResourceSchema, op: Op, schema_path: WholeSchema, value: object, reading: Reading
) -> Iterator[Operation]:
    """Spread an extension's object over its attributes; clearing it clears each of them."""
    urn, given = schema_path.extension or schema.urn, value
    value = _without_repeated_name(urn, value, reading)
    if op == "remove" and value is None and given is not None:
        raise invalid_value(f"The value names nothing in {urn} that could be removed.")
    if schema_path.extension is None:
        if op == "remove" or value is None:
            raise no_target("A whole resource cannot be removed by PATCH; name its attributes.")
    elif op == "add" and (value is None or value == ""):
        # An empty value takes nothing away, as that of one attribute does not.
        reading.leave_out(urn, Tolerance.ADD_OF_NOTHING)
        return
    elif op == "remove" or value is None or value == "":
        _refuse_removed_part(urn, op, value)
        for attribute in schema.extensions[schema_path.extension].values():
            yield Operation("remove", Target(attribute))
        return
    if not isinstance(value, dict):
        raise invalid_value(f"{urn} must be an object of attributes.")
    yield from _from_object(schema, op, value, reading, f"{urn}:")


def _value(op: Op, target: Target, value: object, reading: Reading) -> Any:
    attribute, given = target.attribute, value
    if isinstance(value, dict) and target.sub is None and len(value) == 1:
        value = _without_repeated_name(attribute.name, value, reading)
    if op == "remove" and value is None and given is not None:
        raise invalid_value(f"The value names nothing in {attribute.label} that could be removed.")
    if op == "remove":
        return _removed_values(target, value, reading)
    if target.sub is not None:
        return coerce_sub(attribute, target.sub, value, reading)
    if value == "" and attribute.name == "members":
        # A mapping that yields nothing must not empty a group; null or [] does.
        raise invalid_value("An empty text names no member; use null or [] to clear the members.")
    if target.where and value is not None and value != "":
        entries = coerce_entries(attribute, value, reading)
        if len(entries) > 1:
            raise invalid_value(f"{target.path} selects one place, but has several values.")
        return entries[0] if entries else None
    return coerce(attribute, value, reading)


def _without_repeated_name(known: str, value: object, reading: Reading) -> object:
    """Return what stands inside of `{"members": …}` under the path `members`."""
    if isinstance(value, dict) and len(value) == 1:
        name, inner = next(iter(value.items()))
        if name.lower() == known.lower() or name.lower().endswith(f":{known.lower()}"):
            reading.tolerate(Tolerance.REPEATED_NAME, name)
            return inner
    return value


def _removed_values(target: Target, value: object, reading: Reading) -> Any:
    """Read which values go: Entra names them beside the path.

    Where the path alone names one thing, a value beside it is stray; where the value names less
    than the path, or nothing that is understood, nothing goes: never more than was named.
    """
    if value is None:
        return None
    attribute = target.attribute
    reading.tolerate(Tolerance.VALUE_OF_REMOVE, target.path)
    if target.where or not attribute.multi_valued:
        if target.sub is None and attribute.is_complex and "value" not in attribute.subs:
            _refuse_removed_part(target.path, "remove", value)
        return None
    if target.sub is not None:
        raise invalid_value(f"{target.path} is in every value; select which: {attribute.name}[…].")
    entries = coerce_entries(attribute, value, reading)
    if not entries:
        raise invalid_value(f"The value names nothing in {attribute.label} that could be removed.")
    return entries


def _refuse_removed_part(path: str, op: Op, value: object) -> None:
    """Refuse to remove the whole of something when a value beside it names parts."""
    if op == "remove" and value not in (None, ""):
        raise invalid_value(f"Removing {path} takes all of it; name its parts in the path instead.")
