"""Every rule of the differ: each change named, each harmless change let through."""

from typing import Any

import pytest

from contracts.compatibility import RULES, breaches


def an_object(required: list[str] | None = None, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required or []}


TEXT = {"type": "string"}
MAYBE_TEXT = {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None}
NUMBER = {"type": "integer"}

BREAKING = [
    ("property-removed", an_object(a=TEXT, b=TEXT), an_object(a=TEXT)),
    ("required-added", an_object(a=TEXT), an_object(["b"], a=TEXT, b=TEXT)),
    ("required-added", an_object(a=TEXT), an_object(["a"], a=TEXT)),
    ("required-dropped", an_object(["a"], a=TEXT), an_object(a=TEXT)),
    ("type-narrowed", an_object(a={"type": "number"}), an_object(a=NUMBER)),
    ("type-narrowed", an_object(a={}), an_object(a=TEXT)),
    ("type-narrowed", an_object(a=MAYBE_TEXT), an_object(a={**TEXT, "default": None})),
    ("type-widened", an_object(a=NUMBER), an_object(a={"type": "number"})),
    ("type-widened", an_object(a={**TEXT, "default": None}), an_object(a=MAYBE_TEXT)),
    ("enum-narrowed", an_object(a={"enum": ["x", "y"]}), an_object(a={"enum": ["x"]})),
    ("enum-narrowed", an_object(a=TEXT), an_object(a={**TEXT, "enum": ["x"]})),
    ("enum-widened", an_object(a={"enum": ["x"]}), an_object(a={"enum": ["x", "y"]})),
    ("enum-widened", an_object(a={**TEXT, "const": "x"}), an_object(a=TEXT)),
    (
        "limit-tightened",
        an_object(a={**TEXT, "maxLength": 9}),
        an_object(a={**TEXT, "maxLength": 8}),
    ),
    ("limit-tightened", an_object(a=NUMBER), an_object(a={**NUMBER, "minimum": 1})),
    (
        "limit-tightened",
        an_object(a={**NUMBER, "minimum": 1}),
        an_object(a={**NUMBER, "minimum": 2}),
    ),
    (
        "limit-loosened",
        an_object(a={**TEXT, "maxLength": 8}),
        an_object(a={**TEXT, "maxLength": 9}),
    ),
    ("limit-loosened", an_object(a={**NUMBER, "minimum": 1}), an_object(a=NUMBER)),
    ("pattern-changed", an_object(a=TEXT), an_object(a={**TEXT, "pattern": "^x"})),
    ("format-changed", an_object(a={**TEXT, "format": "uuid"}), an_object(a=TEXT)),
    (
        "default-changed",
        an_object(a={**TEXT, "default": "x"}),
        an_object(a={**TEXT, "default": "y"}),
    ),
    ("unknown-refused", an_object(a=TEXT), {**an_object(a=TEXT), "additionalProperties": False}),
    (
        "alternatives-changed",
        an_object(a={"anyOf": [TEXT, NUMBER]}),
        an_object(a={"anyOf": [TEXT, NUMBER, {"type": "boolean"}]}),
    ),
]


@pytest.mark.parametrize(("rule", "old", "new"), BREAKING)
def test_a_breaking_change_is_named(rule: str, old: dict[str, Any], new: dict[str, Any]) -> None:
    assert rule in [breach.rule for breach in breaches(old, new)]


def test_every_rule_has_a_case() -> None:
    rules = {rule.__name__.replace("_", "-") for rule in RULES}
    assert rules | {"alternatives-changed"} == {rule for rule, _, _ in BREAKING}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(an_object(a=TEXT), an_object(a=TEXT, b=MAYBE_TEXT), id="optional added"),
        pytest.param(
            an_object(a=TEXT), an_object(a={**TEXT, "description": "x", "title": "y"}), id="prose"
        ),
        pytest.param(
            an_object(["a", "b"], a=TEXT, b=TEXT), an_object(["b", "a"], b=TEXT, a=TEXT), id="order"
        ),
    ],
)
def test_a_harmless_change_passes(old: dict[str, Any], new: dict[str, Any]) -> None:
    assert breaches(old, new) == []


def test_changes_are_found_behind_references_lists_and_maps() -> None:
    def document(leaf: dict[str, Any]) -> dict[str, Any]:
        return {
            "$defs": {"Leaf": an_object(x=leaf)},
            **an_object(
                one={"$ref": "#/$defs/Leaf"},
                many={"type": "array", "items": {"$ref": "#/$defs/Leaf"}},
                named={"type": "object", "additionalProperties": {"$ref": "#/$defs/Leaf"}},
                maybe={"anyOf": [{"$ref": "#/$defs/Leaf"}, {"type": "null"}]},
                either={"anyOf": [{"$ref": "#/$defs/Leaf"}, TEXT]},
            ),
        }

    found = breaches(document(TEXT), document(NUMBER))

    paths = {breach.path for breach in found if breach.rule == "type-narrowed"}
    assert paths == {"one.x", "many[].x", "named{}.x", "maybe.x", "either|0.x"}


def test_a_schema_that_refers_to_itself_ends() -> None:
    tree = {"$defs": {"T": an_object(child={"$ref": "#/$defs/T"})}, "$ref": "#/$defs/T"}

    assert breaches(tree, tree) == []
