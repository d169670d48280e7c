"""PATCH operations in their one canonical form, whatever dialect they came in.

Every operation names one attribute, or entries or a sub-attribute of it, and carries a value that
already has the attribute's type; `None` means that the target is to be cleared.
"""

from dataclasses import dataclass
from typing import Any, Literal

import orjson

from scim.protocol.schema import Attribute

Op = Literal["add", "replace", "remove"]


@dataclass(frozen=True, slots=True)
class Condition:
    """A sub-attribute that a selected entry must hold."""

    sub: Attribute
    value: str | bool


@dataclass(frozen=True, slots=True)
class Target:
    """What an operation works on: `attribute[where].sub`."""

    attribute: Attribute
    where: tuple[Condition, ...] = ()
    sub: Attribute | None = None

    @property
    def path(self) -> str:
        """The canonical path."""
        clauses = (f"{c.sub.name} eq {orjson.dumps(c.value).decode()}" for c in self.where)
        where = f"[{' and '.join(clauses)}]" if self.where else ""
        sub = f".{self.sub.name}" if self.sub else ""
        urn = f"{self.attribute.extension}:" if self.attribute.extension else ""
        return f"{urn}{self.attribute.name}{where}{sub}"


@dataclass(frozen=True, slots=True)
class Operation:
    """One step of a PATCH."""

    op: Op
    target: Target
    value: Any = None

    def to_json(self) -> dict[str, Any]:
        """Return the operation as a client would write it in the canonical dialect."""
        body: dict[str, Any] = {"op": self.op, "path": self.target.path}
        if self.op != "remove" or self.value is not None:
            body["value"] = self.value
        return body


@dataclass(frozen=True, slots=True)
class Patch:
    """A PATCH request understood: its steps, and what was left out of it and why."""

    operations: tuple[Operation, ...]
    dropped: tuple[str, ...]
    strict: bool = False
    """Whether the tenant is read strictly."""
    repeated_ids: tuple[str, ...] = ()
    """Ids in bodies without a path: each must be that of the resource itself."""
