"""`attributes` and `excludedAttributes`: which parts of a resource are answered (RFC 7644 §3.9).

`id` and `schemas` are always there. Names that nobody knows are ignored, as the RFC wants it.
"""

from dataclasses import dataclass
from typing import Any

import orjson

from scim.domain.errors import invalid_value
from scim.protocol.schema import group_schema, user_schema

MAX_NAMES = 200
MAX_LENGTH = 1_000

Tree = dict[str, "Tree | None"]
"""Lower-case names, with what is meant inside of them; None means the whole."""

_ALWAYS = ("id", "schemas")


@dataclass(frozen=True, slots=True)
class Projection:
    """A choice of attributes: those to keep, or those to leave out."""

    tree: Tree
    keeps: bool

    def wants(self, name: str) -> bool:
        """Tell whether a top-level attribute or part of it is returned, so must be loaded."""
        key = name.lower()
        return key in self.tree if self.keeps else self.tree.get(key, {}) is not None

    def asks_for(self, name: str, sub: str) -> bool:
        """Tell whether part of an attribute is asked for by name, or the whole attribute is."""
        inner = self.tree.get(name.lower(), {}) if self.keeps else {}
        return inner is None or sub.lower() in inner

    def apply(self, resource: bytes) -> bytes:
        """Return the resource with only the chosen attributes."""
        body: dict[str, Any] = orjson.loads(resource)
        chosen = _keep(body, self.tree) if self.keeps else _leave_out(body, self.tree)
        return orjson.dumps(chosen)


def parse_projection(attributes: str | None, excluded: str | None) -> Projection | None:
    """Read the two parameters; None means the whole resource. `attributes` wins over the other."""
    kept = _tree(attributes)
    if kept:
        return Projection(kept | dict.fromkeys(_ALWAYS), keeps=True)
    left_out = _tree(excluded)
    for name in _ALWAYS:
        left_out.pop(name, None)
    return Projection(left_out, keeps=False) if left_out else None


def _tree(text: str | None) -> Tree:
    tree: Tree = {}
    names = (text or "").split(",", MAX_NAMES)
    if len(names) > MAX_NAMES:
        raise invalid_value(f"At most {MAX_NAMES} attributes can be named.")
    for name in names:
        if len(name) > MAX_LENGTH:
            raise invalid_value(f"The name of an attribute is longer than {MAX_LENGTH} characters.")
        if name.strip():
            _insert(tree, _steps(name.strip()))
    return tree


def _insert(tree: Tree, steps: list[str]) -> None:
    for step in steps[:-1]:
        inner = tree.setdefault(step, {})
        if inner is None:
            return
        tree = inner
    tree[steps[-1]] = None


def _steps(name: str) -> list[str]:
    """Split a name into the keys that lead to it in a resource, in lower case."""
    extension, rest = _split_urn(name)
    steps = [step for step in rest.lower().split(".") if step]
    if extension is None and steps:
        attribute = user_schema().attribute(steps[0])
        extension = attribute.extension if attribute else None
    return ([extension.lower()] if extension else []) + steps or [name.lower()]


def _split_urn(name: str) -> tuple[str | None, str]:
    if name[:4].lower() != "urn:":
        return None, name
    split = user_schema().strip_urn(name) or group_schema().strip_urn(name)
    return split or (name, "")


def _keep(body: dict[str, Any], tree: Tree) -> dict[str, Any]:
    chosen = {}
    for name, value in body.items():
        key = name.lower()
        if key not in tree:
            continue
        inner = tree[key]
        kept = value if inner is None else _project(value, inner, keeps=True)
        if inner is None or kept:
            chosen[name] = kept
    return chosen


def _leave_out(body: dict[str, Any], tree: Tree) -> dict[str, Any]:
    chosen = {}
    for name, value in body.items():
        inner = tree.get(name.lower(), {})
        if inner is None:
            continue
        kept = _project(value, inner, keeps=False) if inner else value
        if kept or not inner:
            chosen[name] = kept
    return chosen


def _project(value: Any, tree: Tree, *, keeps: bool) -> Any:
    choose = _keep if keeps else _leave_out
    if isinstance(value, dict):
        return choose(value, tree)
    if isinstance(value, list) and all(isinstance(e, dict) for e in value):
        return [chosen for e in value if (chosen := choose(e, tree))]
    return None if keeps else value
