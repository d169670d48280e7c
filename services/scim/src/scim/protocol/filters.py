"""Filters on resources: text in, clauses for the storage out.

The clauses are all that Entra asks with; any other attribute or operator gets an `invalidFilter`
that lists what there is, instead of an empty result that would make Entra create duplicates.
"""

from collections.abc import Mapping
from uuid import UUID

from scim.domain.errors import ScimError, invalid_filter
from scim.domain.keys import IMPOSSIBLE_ID, comparison_key, id_of
from scim.domain.query import Equals, Field, Filter
from scim.protocol.filter_grammar import (
    Comparison,
    Expression,
    Literal,
    comparisons,
    parse_expression,
)
from scim.protocol.schema import ResourceSchema, group_schema, user_schema

_USER_FIELDS = {
    "id": Field.ID,
    "username": Field.USER_NAME,
    "displayname": Field.DISPLAY_NAME,
    "externalid": Field.EXTERNAL_ID,
    "emails": Field.EMAIL,
    "emails.value": Field.EMAIL,
    "active": Field.ACTIVE,
    "manager": Field.MANAGER,
    "manager.value": Field.MANAGER,
}
_GROUP_FIELDS = {
    "id": Field.ID,
    "displayname": Field.DISPLAY_NAME,
    "externalid": Field.EXTERNAL_ID,
    "members": Field.MEMBER,
    "members.value": Field.MEMBER,
}
_IDS = frozenset({Field.ID, Field.MEMBER})
_VERBATIM = frozenset({Field.EXTERNAL_ID, Field.MANAGER})
_BOOLEANS = {"true": True, "false": False}


def parse_user_filter(text: str | None) -> Filter:
    """Read a filter on users; no filter matches all."""
    return _parse(text, user_schema(), _USER_FIELDS)


def parse_group_filter(text: str | None) -> Filter:
    """Read a filter on groups; no filter matches all."""
    return _parse(text, group_schema(), _GROUP_FIELDS)


def _parse(text: str | None, schema: ResourceSchema, fields: Mapping[str, Field]) -> Filter:
    if text is None or not text.strip():
        return ()
    return tuple(_clause(c, schema, fields) for c in comparisons(parse_expression(text)))


def _clause(comparison: Comparison, schema: ResourceSchema, fields: Mapping[str, Field]) -> Equals:
    field = fields.get(schema.bare_name(comparison.path).lower())
    if field is None:
        raise _unsupported(comparison.path, fields)
    literal = comparison.value
    if comparison.where is not None:
        field, literal = _value_path(comparison, field, comparison.where, fields)
    if literal is None:
        raise _unsupported(comparison.path, fields)
    return Equals(field, _value(field, literal))


def _value_path(
    comparison: Comparison, field: Field, where: Expression, fields: Mapping[str, Field]
) -> tuple[Field, Literal | None]:
    """Read `emails[type eq "work"].value eq x` and `emails[type eq "work" and value eq x]`."""
    clauses = list(comparisons(where))
    parts: dict[str, Literal | None] = {c.path.lower(): c.value for c in clauses}
    if len(parts) < len(clauses):
        raise invalid_filter(f"The filter compares a part of {comparison.path[:80]} twice.")
    literal = parts.pop("value", None) if comparison.value is None else comparison.value
    kind = parts.pop("type", None)
    known = field in (Field.EMAIL, Field.MEMBER) and not parts
    if not known or (comparison.sub or "value").lower() != "value":
        raise _unsupported(f"{comparison.path}[…]", fields)
    if kind is None:
        return field, literal
    if field is not Field.EMAIL or kind.text.lower() != "work":
        raise _unsupported(f'{comparison.path}[type eq "{kind.text[:40]}"]', fields)
    return Field.WORK_EMAIL, literal


def _value(field: Field, literal: Literal) -> str | bool | UUID:
    if literal.is_null:
        raise invalid_filter(f"'{field} eq null' is not supported; compare with a value.")
    if field in _IDS:
        return id_of(literal.text) or IMPOSSIBLE_ID
    if field is Field.ACTIVE:
        if literal.text.lower() not in _BOOLEANS:
            raise invalid_filter(f"active is true or false, not {literal.text[:40]!r}.")
        return _BOOLEANS[literal.text.lower()]
    return literal.text if field in _VERBATIM else comparison_key(literal.text)


def _unsupported(name: str, fields: Mapping[str, Field]) -> ScimError:
    supported = dict.fromkeys(str(f) for f in fields.values())
    if Field.EMAIL in fields.values():
        supported[str(Field.WORK_EMAIL)] = None
    return invalid_filter(
        f"Filtering by {name[:80]} is not supported; match by {', '.join(supported)}."
    )
