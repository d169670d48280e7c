"""Whatever is changed in a signed response: it is refused, or what is read stays the same."""

import re
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from sso.domain.assertion import Assertion
from sso.domain.connection import IdentityProvider
from sso.domain.refusals import Refused
from sso.saml.response import read_response
from support.gate_documents import ACS, EMAIL, GOOD
from support.identity_provider import CLAIMS, ENTRA_CLAIMS, key, response_bytes

PROVIDER = IdentityProvider(GOOD.issuer, "https://idp.test/", (key().der,))
CLAIMED = GOOD.with_(
    attributes={
        EMAIL: ["ann@corp.example"],
        f"{CLAIMS}/surname": ["boss@corp.example"],
        f"{ENTRA_CLAIMS}/objectidentifier": ["22222222-2222-2222-2222-222222222222"],
    }
)
SIGNED = {sign: response_bytes(CLAIMED, sign=sign) for sign in ("assertion", "response", "both")}
VALUES = re.compile(r'>([^<>]+)<| [A-Za-z]+="([^"]*)"')
SNIPPETS = [
    "",
    "x",
    "<!-- -->",
    "<?p i?>",
    "<![CDATA[x]]>",
    "&#97;",
    "&#10;",
    "\u200b",
    "\r\n",
    " ",
    "boss@corp.example",
    "sur",
    "name",
    "2",
    "urn:x",
]
DECLARED = ["UTF-8", "ISO-8859-1", "UTF-7", "HZ"]


def read(document: bytes) -> Assertion:
    assertion, _ = read_response(document, PROVIDER, ACS, keys=list)
    return assertion


WHOLE = {sign: read(document) for sign, document in SIGNED.items()}


def same_or_refused(sign: str, document: bytes) -> None:
    try:
        assertion = read(document)
    except Refused:
        return
    assert assertion == WHOLE[sign]


@given(st.sampled_from(sorted(SIGNED)), st.data())
def test_a_changed_value_changes_nothing_that_is_read(sign: str, data: st.DataObject) -> None:
    document = SIGNED[sign].decode()
    spans = [found.span(found.lastindex or 0) for found in VALUES.finditer(document)]
    start, end = data.draw(st.sampled_from(spans))
    first, last = sorted(data.draw(st.tuples(*[st.integers(start, end)] * 2)))
    put = data.draw(st.one_of(st.sampled_from(SNIPPETS), st.text("abz09:/", max_size=4)))
    same_or_refused(sign, (document[:first] + put + document[last:]).encode())


@given(st.sampled_from(sorted(SIGNED)), st.data())
def test_another_tree_changes_nothing_that_is_read(sign: str, data: st.DataObject) -> None:
    """Elements are moved, doubled, left out, renamed and wrapped."""
    root = etree.fromstring(SIGNED[sign])
    for _ in range(data.draw(st.integers(1, 3))):
        elements = list(root.iter())
        element = data.draw(st.sampled_from(elements[1:] or elements))
        target = data.draw(st.sampled_from(elements))
        how = data.draw(st.sampled_from(["move", "double", "leave out", "rename", "wrap", "ID"]))
        _change(how, element, target)
    same_or_refused(sign, etree.tostring(root))


def _change(how: str, element: Any, target: Any) -> None:
    parent = element.getparent()
    if how == "ID":
        element.set("ID", target.get("ID", "_a1"))
    elif how == "rename":
        element.tag = target.tag
    elif how == "double":
        target.append(deepcopy(element))
    elif parent is None:
        return
    elif how == "leave out":
        parent.remove(element)
    elif how == "wrap":
        wrapper = etree.Element(target.tag)
        parent.replace(element, wrapper)
        wrapper.append(element)
    elif element not in target.iterancestors() and element is not target:
        target.insert(0, element)


@given(
    st.sampled_from(sorted(SIGNED)),
    st.sampled_from(DECLARED),
    st.integers(1, 400),
    st.data(),
)
def test_an_entity_in_an_attribute_changes_nothing_that_is_read(
    sign: str, encoding: str, blanks: int, data: st.DataObject
) -> None:
    """Some octets of an attribute's value, which are signed, come by an entity instead."""
    plain = SIGNED[sign].decode()
    names = [at + 6 for at in range(len(plain)) if plain.startswith(' Name="', at)]
    begin = data.draw(st.sampled_from(names)) + 1
    value = plain[begin : plain.index('"', begin)]
    start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(value))] * 2)))
    changed = plain[: begin + start] + "&e;" + plain[begin + end :]
    doctype = f'<!DOCTYPE r [<!ENTITY e "{value[start:end]}">]>'
    body = (doctype + changed).encode("utf-7" if encoding == "UTF-7" else "utf-8")
    if encoding == "UTF-7":
        body = body.replace(b"<", b"+ADw-").replace(b"!", b"+ACE-")
    declaration = f'<?xml version="1.0"{" " * blanks}encoding="{encoding}"?>'
    same_or_refused(sign, declaration.encode() + body)


@pytest.mark.parametrize("sign", sorted(SIGNED))
def test_what_is_not_changed_is_read(sign: str) -> None:
    """Else every mutation would be refused for nothing."""
    assert WHOLE[sign].attributes[EMAIL] == ["ann@corp.example"]
    assert read(SIGNED[sign]) == WHOLE[sign]
