"""Filters on resources: text in, clauses for the storage out.

Entra may match users by any attribute that an admin maps, so every text attribute of a user can be
asked for, one beside those that have an index. Whatever is not understood gets an `invalidFilter`
that lists what there is, instead of an empty result that would make Entra create duplicates.
"""

from collections.abc import Mapping
from uuid import UUID

from kernel.names import comparison_key, parse_id
from scim.domain.errors import ScimError, invalid_filter
from scim.domain.query import IMPOSSIBLE_ID, Equals, Field, Filter, Unindexed
from scim.protocol.filter_grammar import (
    Comparison,
    Literal,
    comparisons,
    parse_expression,
)
from scim.protocol.operations import Target
from scim.protocol.paths import resolve
from scim.protocol.schema import Attribute, ResourceSchema, group_schema, user_schema
from scim.protocol.tolerances import Reading, Tolerance

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


def parse_user_filter(text: str | None, *, strict: bool = False) -> Filter:
    """Read a filter on users; no filter matches all."""
    return _parse(text, user_schema(), _USER_FIELDS, Reading("find", strict=strict))


def parse_group_filter(text: str | None, *, strict: bool = False) -> Filter:
    """Read a filter on groups; no filter matches all."""
    return _parse(text, group_schema(), _GROUP_FIELDS, Reading("find", strict=strict))


def _parse(
    text: str | None, schema: ResourceSchema, fields: Mapping[str, Field], reading: Reading
) -> Filter:
    if text is None or not text.strip():
        return ()
    expression = parse_expression(text, reading)
    clauses = tuple(_clause(c, schema, fields, reading) for c in comparisons(expression))
    unindexed = [c.field for c in clauses if isinstance(c.field, Unindexed)]
    leads = {c.field for c in clauses} & {Field.ID, Field.USER_NAME}
    if len(unindexed) > 1 or (unindexed and leads):
        raise invalid_filter(f"{unindexed[0]} cannot be combined with the other clauses.")
    return clauses


def _clause(
    comparison: Comparison,
    schema: ResourceSchema,
    fields: Mapping[str, Field],
    reading: Reading,
) -> Equals:
    if reading.strict:
        _check_strictly(comparison, schema, reading)
    field = fields.get(schema.bare_name(comparison.path).lower())
    if field is None or _has_other_type(field, comparison):
        return _unindexed(comparison, schema, fields)
    literal = comparison.value
    if comparison.where is not None:
        field, literal = _value_path(comparison, field, fields)
    if literal is None:
        raise _unsupported(comparison.path, fields)
    return Equals(field, _value(field, literal))


def _check_strictly(comparison: Comparison, schema: ResourceSchema, reading: Reading) -> None:
    """Refuse what is only tolerated in a comparison; whatever it is, the filter is invalid."""
    try:
        resolve(schema, comparison.path, strict=True)
        literal = comparison.value
        if comparison.path.lower() == "active" and literal is not None and literal.quoted:
            reading.tolerate(Tolerance.TEXT_AS_BOOLEAN, comparison.path)
    except ScimError as error:
        raise invalid_filter(error.sentence) from error


def _has_other_type(field: Field, comparison: Comparison) -> bool:
    """Tell whether the filter is on addresses of a type without an index."""
    kind = _parts(comparison).get("type") if field is Field.EMAIL else None
    return kind is not None and kind.text.lower() != "work"


def _unindexed(
    comparison: Comparison, schema: ResourceSchema, fields: Mapping[str, Field]
) -> Equals:
    """Read a clause on an attribute that only the documents tell of."""
    parts = _parts(comparison)
    literal = comparison.value or parts.pop("value", None)
    kind = parts.pop("type", None)
    found = _text_attribute(comparison, schema)
    if found is None or parts or literal is None or literal.is_null:
        raise _unsupported(comparison.path, fields)
    if kind is not None and not found[0].multi_valued:
        raise _unsupported(f"{comparison.path}[…]", fields)
    attribute, sub = found
    leaf = sub or attribute
    names = (attribute.extension, attribute.name, sub.name if sub else None)
    field = Unindexed(
        tuple(name for name in names if name is not None),
        type=kind.text if kind is not None else None,
        case_exact=leaf.case_exact,
    )
    return Equals(field, literal.text)


def _text_attribute(
    comparison: Comparison, schema: ResourceSchema
) -> tuple[Attribute, Attribute | None] | None:
    """Find the attribute of a user and its sub-attribute, if its values are text."""
    target = resolve(schema, comparison.path) if schema is user_schema() else None
    if not isinstance(target, Target):
        return None
    attribute, sub = target.attribute, target.sub
    if sub is None and attribute.is_complex:
        sub = attribute.subs.get((comparison.sub or "value").lower())
    leaf = sub if attribute.is_complex else attribute
    return (attribute, sub) if leaf is not None and leaf.type == "string" else None


def _value_path(
    comparison: Comparison, field: Field, fields: Mapping[str, Field]
) -> tuple[Field, Literal | None]:
    """Read `emails[type eq "work"].value eq x` and `emails[type eq "work" and value eq x]`."""
    parts = _parts(comparison)
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


def _parts(comparison: Comparison) -> dict[str, Literal | None]:
    """Return what a value path compares, by lower-case name."""
    clauses = [] if comparison.where is None else list(comparisons(comparison.where))
    parts: dict[str, Literal | None] = {c.path.lower(): c.value for c in clauses}
    if len(parts) < len(clauses):
        raise invalid_filter(f"The filter compares a part of {comparison.path[:80]} twice.")
    return parts


def _value(field: Field, literal: Literal) -> str | bool | UUID:
    if literal.is_null:
        raise invalid_filter(f"'{field} eq null' is not supported; compare with a value.")
    if field in _IDS:
        return parse_id(literal.text) or IMPOSSIBLE_ID
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
