"""The corpus at the gate: what attackers made is refused for its reason, what is honest is read."""

import pytest

from sso.domain.assertion import check_assertion
from sso.domain.connection import IdentityProvider
from sso.domain.refusals import Code, Refused
from sso.saml.response import read_response
from support.gate_documents import ACS, EMAIL, EXPECTED, GOOD
from support.identity_provider import key
from support.saml_corpus import Honest, Hostile, honest, hostile

PROVIDER = IdentityProvider(GOOD.issuer, "https://idp.test/", (key("next").der, key().der))
HOSTILE, HONEST = list(hostile()), list(honest())


def read(document: bytes) -> list[str]:
    """Return the addresses that a posted document is believed to name."""
    assertion, _ = read_response(document, PROVIDER, ACS, keys=list)
    check_assertion(assertion, EXPECTED)
    return list(assertion.attributes[EMAIL])


@pytest.mark.parametrize("case", HOSTILE, ids=lambda case: case.name)
def test_what_an_attacker_made_is_refused_for_its_reason(case: Hostile) -> None:
    with pytest.raises(Refused) as refused:
        read(case.make())
    assert refused.value.code is case.code, refused.value.detail


@pytest.mark.parametrize("case", HONEST, ids=lambda case: case.name)
def test_what_an_honest_provider_made_is_read(case: Honest) -> None:
    assert read(case.make()) == ["ann@corp.example"]


def test_the_corpus_is_large_and_names_every_reason_of_the_gate() -> None:
    assert len(HOSTILE) >= 150
    assert len(HONEST) >= 40
    assert len({case.name for case in HOSTILE}) == len(HOSTILE)
    assert len({case.make() for case in HOSTILE}) == len(HOSTILE)
    later = {
        Code.NOT_BASE64,  # the form's
        Code.ENCRYPTION_FORM,  # tests of encryption
        Code.UNDECRYPTABLE,
        *list(Code)[list(Code).index(Code.REPLAYED) :],  # tests of sign-in
    }
    assert {case.code for case in HOSTILE} == set(Code) - later
