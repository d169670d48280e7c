"""Reads a verified assertion with pysaml2: only what the gate has let through comes here."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from saml2 import saml

from sso.domain.assertion import Assertion, Confirmation
from sso.domain.refusals import Code, Refused

_BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
MAX_IDENTIFIER = 1_024
"""Bytes; the standard asks for 256 characters at most (SAML core §8.3.7)."""
MAX_VALUE = 2_000
MAX_CONTEXT_CLASS = 255
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z?", re.ASCII)


def read_assertion(canonical: bytes) -> Assertion:
    """Return what an assertion says.

    Raises:
        Refused: It is no assertion that can be read.
    """
    try:
        found = saml.assertion_from_string(canonical)
        if found is None or found.issuer is None:
            raise Refused(Code.NOT_ONE_ASSERTION, "it has no Issuer")
        return _assertion(found)
    except (ValueError, TypeError, AttributeError) as error:
        raise Refused(Code.NOT_ONE_ASSERTION, repr(error)[:200]) from None


def _assertion(found: Any) -> Assertion:
    subject, conditions = found.subject, found.conditions
    name_id = subject.name_id if subject is not None else None
    statements = found.authn_statement or []
    first = statements[0] if statements else None
    return Assertion(
        id=_bounded(found.id, "ID") or "",
        issuer=_text(found.issuer) or "",
        name_id=_bounded(_text(name_id), "NameID"),
        name_id_format=name_id.format if name_id is not None else None,
        confirmations=[
            _confirmation(each)
            for each in (subject.subject_confirmation if subject is not None else [])
            if each.method == _BEARER and each.subject_confirmation_data is not None
        ],
        not_before=_moment(conditions.not_before) if conditions is not None else None,
        not_on_or_after=_moment(conditions.not_on_or_after) if conditions is not None else None,
        audiences=[
            frozenset(filter(None, (_text(audience) for audience in restriction.audience)))
            for restriction in (conditions.audience_restriction if conditions is not None else [])
        ],
        authenticated_at=_moment(first.authn_instant) if first is not None else None,
        session_index=_bounded(first.session_index, "SessionIndex") if first is not None else None,
        session_not_on_or_after=(
            _moment(first.session_not_on_or_after) if first is not None else None
        ),
        context_class=_context_class(first) if first is not None else None,
        statements=len(statements),
        attributes=_attributes(found.attribute_statement or []),
    )


def _context_class(statement: Any) -> str | None:
    context = statement.authn_context
    text = _text(context.authn_context_class_ref) if context is not None else None
    # What is too long to be a name of the kind is nobody's to rely on.
    return text if text is not None and len(text) <= MAX_CONTEXT_CLASS else None


def _confirmation(found: Any) -> Confirmation:
    data = found.subject_confirmation_data
    return Confirmation(data.recipient, data.in_response_to, _moment(data.not_on_or_after))


def _attributes(statements: Sequence[Any]) -> dict[str, list[str]]:
    """Return the values by the attribute's name; the same name twice adds up."""
    values: dict[str, list[str]] = {}
    for statement in statements:
        for attribute in statement.attribute:
            texts = [_text(value) for value in attribute.attribute_value]
            kept = [text[:MAX_VALUE] for text in texts if text]
            values.setdefault(attribute.name, []).extend(kept)
    return values


def _bounded(text: str | None, name: str) -> str | None:
    """Return what people and sessions are found by again, which has to fit into an index."""
    if text is not None and len(text.encode()) > MAX_IDENTIFIER:
        raise Refused(Code.TOO_LARGE, f"{name} of more than {MAX_IDENTIFIER} bytes")
    return text


def _text(element: Any) -> str | None:
    text = element.text if element is not None else None
    return str(text).strip() or None if text is not None else None


def _moment(text: str | None) -> datetime | None:
    """Return a moment of SAML, which is always in UTC (SAML core §1.3.3)."""
    if not text:
        return None
    if not _MOMENT.fullmatch(text):
        raise ValueError("a time that is none of SAML")
    # Fractions of a second are left out: nothing here is decided by one.
    return datetime.fromisoformat(text[:19]).replace(tzinfo=UTC)
