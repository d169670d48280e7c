"""Documents for the gate: good ones, what becomes of them, and how encrypted ones are made."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from lxml import etree

from sso.domain.assertion import Expected, check_assertion
from sso.domain.refusals import Code, Refused
from sso.saml.assertion import read_assertion
from sso.saml.gate import verified_response
from support.encryption import How, encrypt_assertion
from support.identity_provider import CLAIMS, Key, Response, key, response_bytes, signed

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
ACS, AUDIENCE = "https://sp.test/saml/1/acs", "https://sp.test/saml/1/metadata"
EMAIL = f"{CLAIMS}/emailaddress"
GOOD = Response("id-1", ACS, AUDIENCE, NOW, attributes={EMAIL: ["ann@corp.example"]})
EXPECTED = Expected(GOOD.issuer, AUDIENCE, ACS, "id-1", NOW)
CURRENT, RETIRED, OTHER = key("sp"), key("sp-retired"), key("sp-of-somebody-else")
Change = Callable[[Any], object]


def let_through(document: bytes) -> str:
    """Return the address that a document is believed to name."""
    response = verified_response(document, [key().der], [CURRENT.private, RETIRED.private])
    assertion = read_assertion(response.assertion)
    check_assertion(assertion, EXPECTED)
    return assertion.attributes[EMAIL][0]


def refusal(document: bytes) -> Code:
    with pytest.raises(Refused) as refused:
        let_through(document)
    return refused.value.code


def document(
    how: How = How(),  # noqa: B008  # it is frozen
    *recipients: Key,
    sign: str = "assertion",
    change: Change | None = None,
) -> bytes:
    """Return an encrypted response; `sign`: assertion, response (the ciphertext), both, none."""
    inner = "assertion" if sign in ("assertion", "both") else "none"
    root = encrypt_assertion(
        etree.fromstring(response_bytes(GOOD, sign=inner)), how, recipients or [CURRENT]
    )
    if change is not None:
        change(root)
    if sign in ("response", "both"):
        root = signed(root, key())
    return bytes(etree.tostring(root))
