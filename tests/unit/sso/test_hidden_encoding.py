"""No document is in another encoding than the one in which its octets were checked.

The gate looks for a DOCTYPE in UTF-8. A parser that reads the octets in another encoding finds one
where the gate saw none, and with it entities: those of attributes are resolved when a signature is
verified and gone when the assertion is read, so whoever posts a response could rename its claims.
"""

import pytest
from lxml import etree

from sso.domain.assertion import check_assertion
from sso.domain.connection import IdentityProvider
from sso.domain.refusals import Code, Refused
from sso.saml.gate.document import parse_document
from sso.saml.response import read_response
from support.gate_documents import ACS, EXPECTED, GOOD
from support.identity_provider import CLAIMS, key, response_bytes

PROVIDER = IdentityProvider(GOOD.issuer, "https://idp.test/", (key().der,))
PADDINGS = [" " * 300, "\n" * 10_000, "\t" * 199]


def refusal(document: bytes) -> Code:
    with pytest.raises(Refused) as refused:
        read(document)
    return refused.value.code


def read(document: bytes) -> None:
    assertion, _ = read_response(document, PROVIDER, ACS, keys=list)
    check_assertion(assertion, EXPECTED)


def utf7(document: str, declaration: str) -> bytes:
    """Return a document of ASCII letters in which no octet of "<" and "!" is left."""
    octets = document.encode("utf-7").replace(b"<", b"+ADw-").replace(b"!", b"+ACE-")
    return declaration.encode() + octets


def declared(encoding: str, padding: str) -> str:
    return f'<?xml version="1.0"{padding} encoding="{encoding}"?>'


def posted(sign: str = "assertion") -> str:
    named = GOOD.with_(attributes={f"{CLAIMS}/surname": ["boss@corp.example"]})
    return response_bytes(named, sign=sign).decode()


@pytest.mark.parametrize("padding", PADDINGS, ids=["blanks", "lines", "tabs"])
@pytest.mark.parametrize("encoding", ["ISO-8859-1", "windows-1252", "SHIFT_JIS", "HZ"])
def test_a_declaration_of_any_length_is_read_to_its_end(encoding: str, padding: str) -> None:
    document = declared(encoding, padding) + response_bytes(GOOD).decode()
    assert refusal(document.encode()) is Code.NOT_XML


@pytest.mark.parametrize("sign", ["assertion", "response"])
def test_no_entity_renames_a_claim_that_was_signed(sign: str) -> None:
    """A surname that became the user name would sign its owner in as somebody else."""
    name = f'"{CLAIMS}/surname"'
    document = posted(sign)
    assert name in document
    changed = document.replace(name, f'"{CLAIMS}/&s;name"')
    doctype = '<!DOCTYPE r [<!ENTITY s "sur">]>'
    assert refusal(utf7(doctype + changed, declared("UTF-7", PADDINGS[0]))) is Code.NOT_XML


@pytest.mark.parametrize("encoding", ["UTF-7", "ISO-8859-1", "HZ"])
def test_the_parser_reads_utf_8_whatever_a_declaration_says(
    encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It does so by itself, without the check of the declaration before it."""
    monkeypatch.setattr("sso.saml.gate.document._check_encoding", lambda _: None)
    word = "Kovács"
    root = parse_document(f"{declared(encoding, ' ')}<r>{word}+AOE-~{{</r>".encode())
    assert root.text == f"{word}+AOE-~{{"


def test_a_tree_with_a_doctype_is_refused_however_it_came_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    document = b"<!DOCTYPE Response>" + response_bytes(GOOD)
    monkeypatch.setattr("sso.saml.gate.document._check_no_doctype", lambda _: None)
    assert etree.fromstring(document).getroottree().docinfo.internalDTD is not None
    assert refusal(document) is Code.DOCTYPE
