"""Folds a group's operations into one change, without knowing who its members are.

Order counts: a member that is added and then removed is absent, and a replacement forgets what
came before it. Removing somebody who is no member changes nothing and never fails; a removal that
names nobody at all is refused.
"""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from kernel.names import parse_id
from scim.domain.errors import invalid_path, invalid_value, mutability, no_target
from scim.domain.group import GroupChange
from scim.protocol.operations import Condition, Operation


def group_change(operations: Iterable[Operation]) -> GroupChange:
    """Return what the operations amount to."""
    fold = _Fold()
    for operation in operations:
        fold.apply(operation)
    return fold.change()


class _Fold:
    def __init__(self) -> None:
        self._display_name: str | None = None
        self._external_id: str | None = None
        self._changes_external_id = False
        self._cleared = False
        self._added: dict[UUID, None] = {}
        self._removed: dict[UUID, None] = {}

    def apply(self, operation: Operation) -> None:
        name = operation.target.attribute.name
        if name == "displayName":
            self._rename(operation)
        elif name == "externalId":
            self._external_id = None if operation.op == "remove" else operation.value
            self._changes_external_id = True
        else:
            self._change_members(operation)

    def change(self) -> GroupChange:
        return GroupChange(
            display_name=self._display_name,
            external_id=self._external_id,
            changes_external_id=self._changes_external_id,
            clear_members=self._cleared,
            add=tuple(self._added),
            remove=() if self._cleared else tuple(self._removed),
        )

    def _rename(self, operation: Operation) -> None:
        if operation.op == "remove" or operation.value is None:
            raise mutability("displayName is required and cannot be removed.")
        self._display_name = operation.value

    def _change_members(self, operation: Operation) -> None:
        target = operation.target
        if operation.op == "remove":
            self._remove_members(operation)
            return
        if target.where:
            raise mutability("A member cannot be changed; remove it and add another.")
        if target.sub is not None:
            raise invalid_path("Members are added under the path 'members'.")
        if operation.op == "replace":
            self._clear()
        for entry in operation.value or ():
            member = _member(entry)
            self._removed.pop(member, None)
            self._added[member] = None

    def _remove_members(self, operation: Operation) -> None:
        target = operation.target
        if target.sub is not None and not (target.where and target.sub.name == "value"):
            raise mutability("A member goes as a whole: select it in the path members[…].")
        if target.where:
            self._remove(_selected(target.where))
        elif operation.value is None:
            self._clear()
        else:
            for entry in operation.value:
                self._remove(_member(entry))

    def _remove(self, member: UUID) -> None:
        self._added.pop(member, None)
        self._removed[member] = None

    def _clear(self) -> None:
        self._cleared = True
        self._added.clear()
        self._removed.clear()


def _selected(where: tuple[Condition, ...]) -> UUID:
    """Return the one member that a path selects; beside its id only its type may be given."""
    named = {str(c.value) for c in where if c.sub.name == "value"}
    types = {str(c.value).lower() for c in where if c.sub.name == "type"}
    known = {"value", "type"}.issuperset(c.sub.name for c in where)
    if len(named) != 1 or not known:
        raise invalid_path('Members are selected one by one: members[value eq "id"].')
    if not types <= {"user"}:
        raise no_target("Every member is a User; there is none of another type.")
    return _parsed(named.pop())


def _member(entry: dict[str, Any]) -> UUID:
    value = entry.get("value")
    if value is None:
        raise invalid_value("Each member needs a value: the id of a user.")
    return _parsed(value)


def _parsed(text: str) -> UUID:
    member = parse_id(text)
    if member is None:
        raise invalid_value(f"There is no user {text[:80]!r} to be a member; provision it first.")
    return member
