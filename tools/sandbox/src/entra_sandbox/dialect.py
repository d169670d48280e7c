"""The two ways Entra words a change: one operation per attribute, or one body for all of them.

`verbose` is the client without a flag; `compact` is the tenant URL with `?aadOptscim062020`.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from entra_sandbox.attributes import (
    CORE_GROUP,
    CORE_USER,
    ENTERPRISE,
    FOREIGN_GROUP,
    MISTYPED_ENTERPRISE,
    Value,
    is_filtered,
    nest,
    read,
)

PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
MANAGER = f"{ENTERPRISE}:manager"
Operation = dict[str, Any]


class Dialect(StrEnum):
    """Which of Entra's two wordings a tenant's job sends."""

    VERBOSE = "verbose"
    COMPACT = "compact"

    @property
    def flag(self) -> str:
        """Return what the admin appends to the tenant URL; it reaches the service as a query."""
        return "aadOptscim062020" if self is Dialect.COMPACT else ""


def create_user(attributes: Mapping[str, Value], *, bare: bool) -> dict[str, Any]:
    """Build a POST /Users body in one of the two documented shapes.

    A user without optional attributes is sent in the second one: explicit nulls, and an
    enterprise URN that lacks a colon.
    """
    nested = nest(attributes)
    if bare:
        empty = ("addresses", "phoneNumbers", "title", "department", "manager")
        head = {"schemas": [CORE_USER, MISTYPED_ENTERPRISE]}
        nulls = {name: None for name in empty if name not in nested}
        nested.setdefault("preferredLanguage", None)
        return {**head, **nested, **nulls, "meta": {"resourceType": "User"}}
    head = {"schemas": [CORE_USER, ENTERPRISE]}
    return {**head, **nested, "meta": {"resourceType": "User"}, "roles": []}


def create_group(attributes: Mapping[str, Value]) -> dict[str, Any]:
    """Build a POST /Groups body: a foreign schema URN, and never members."""
    return {
        "schemas": [CORE_GROUP, FOREIGN_GROUP],
        "externalId": attributes["externalId"],
        "displayName": attributes["displayName"],
        "meta": {"resourceType": "Group"},
    }


def patch(operations: Sequence[Operation]) -> dict[str, Any]:
    """Wrap operations in a PATCH body."""
    return {"schemas": [PATCH_OP], "Operations": list(operations)}


def change_attributes(
    dialect: Dialect, resource: Mapping[str, Any], wanted: Mapping[str, Value]
) -> list[Operation]:
    """Return the PATCH operations from a resource to the wanted attributes; none if it has them."""
    changes = {path: value for path, value in wanted.items() if read(resource, path) != value}
    absent = {path for path in changes if read(resource, path) is None}
    if dialect is Dialect.VERBOSE:
        return [_verbose(path, value, path in absent) for path, value in changes.items()]
    return _compact(changes, absent)


def _verbose(path: str, value: Value, absent: bool) -> Operation:
    # Booleans travel as strings: {"op":"Replace","path":"active","value":"False"}.
    text = str(value) if isinstance(value, bool) else value
    return {"op": "Add" if absent else "Replace", "path": path, "value": text}


def _compact(changes: Mapping[str, Value], absent: set[str]) -> list[Operation]:
    operations: list[Operation] = []
    for op, paths in (
        ("replace", [path for path in changes if path not in absent]),
        ("add", [path for path in changes if path in absent]),
    ):
        batch = {path: changes[path] for path in paths if _batches(path)}
        if batch:
            operations.append({"op": op, "value": batch})
        operations += [
            {"op": op, "path": path, "value": changes[path]} for path in paths if not _batches(path)
        ]
    return operations


def _batches(path: str) -> bool:
    """Only paths without a filter share a body; `active` travels alone."""
    return not is_filtered(path) and path != "active"


def set_manager(dialect: Dialect, base_url: str, manager: str, *, replaces: bool) -> Operation:
    """Word a new manager as Microsoft's examples and captures show it."""
    if dialect is Dialect.COMPACT:
        return {"op": "replace" if replaces else "add", "path": MANAGER, "value": manager}
    if replaces:
        return {"op": "Replace", "path": MANAGER, "value": manager}
    reference = {"$ref": f"{base_url}/Users/{manager}", "value": manager}
    return {"op": "Add", "path": "manager", "value": [reference]}


def clear_manager(dialect: Dialect, old: str, *, turn: int) -> Operation:
    """Word a removed manager; the verbose client is known for four ways, taken in turn."""
    if dialect is Dialect.COMPACT:
        return {"op": "remove", "path": MANAGER}
    ways: tuple[Operation, ...] = (
        {"op": "Replace", "path": MANAGER, "value": ""},
        {"op": "Replace", "path": MANAGER, "value": {"value": ""}},
        {"op": "Replace", "path": MANAGER, "value": None},
        {"op": "Remove", "path": MANAGER, "value": old},
    )
    return ways[turn % len(ways)]


def add_members(dialect: Dialect, members: Sequence[str]) -> Operation:
    """Word new members of a group."""
    op = "Add" if dialect is Dialect.VERBOSE else "add"
    values = [{"$ref": None, "value": member} for member in members]
    return {"op": op, "path": "members", "value": values}


def remove_members(dialect: Dialect, members: Sequence[str]) -> list[Operation]:
    """Word members that leave: by value without the flag, by filter with it."""
    if dialect is Dialect.COMPACT:
        return [{"op": "remove", "path": f'members[value eq "{member}"]'} for member in members]
    values = [{"$ref": None, "value": member} for member in members]
    return [{"op": "Remove", "path": "members", "value": values}]
