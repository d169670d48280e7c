"""Signature wrapping: what was signed is there, and something else is meant to be read."""

from collections.abc import Iterator
from copy import deepcopy
from functools import partial
from typing import Any

from lxml import etree

from sso.domain.refusals import Code
from support.gate_documents import EMAIL, GOOD
from support.identity_provider import (
    DS,
    SAML,
    SAMLP,
    response_bytes,
    tree,
)
from support.saml_corpus.making import (
    EVIL,
    LEVELS,
    Hostile,
    altered,
    assertion_of,
)


def _forged(identifier: str = "_evil") -> Any:
    """Return an unsigned assertion about somebody else."""
    return assertion_of(tree(GOOD.with_(assertion_id=identifier, attributes={EMAIL: [EVIL]})))


def _hidden_in(root: Any, *, holder: Any, place: str) -> None:
    """Put a forged assertion where the signed one was, and that into a holder somewhere."""
    good, holder = assertion_of(root), deepcopy(holder)
    evil = _forged()
    root.replace(good, evil)
    holder.append(good)
    (evil if place == "forged" else root).append(holder)


def _holders() -> Iterator[tuple[str, Any]]:
    yield "Extensions", etree.Element(f"{{{SAMLP}}}Extensions")
    yield "Object", etree.Element(f"{{{DS}}}Object")
    yield "Advice", etree.Element(f"{{{SAML}}}Advice")
    yield "AttributeValue", etree.Element(f"{{{SAML}}}AttributeValue")
    yield "SubjectConfirmationData", etree.Element(f"{{{SAML}}}SubjectConfirmationData")
    yield "StatusDetail", etree.Element(f"{{{SAMLP}}}StatusDetail")
    yield "another response", etree.Element(f"{{{SAMLP}}}Response")
    yield "something unknown", etree.Element("{urn:unknown}Holder")


def wrapped() -> Iterator[Hostile]:
    one = Code.NOT_ONE_ASSERTION
    for level in LEVELS:
        for name, holder in _holders():
            for place in ("response", "forged"):
                yield Hostile(
                    f"XSW: the signed {level} inside {name} in the {place}",
                    altered(partial(_hidden_in, holder=holder, place=place), level),
                    one,
                )
        for name, change, code in (
            ("in front", lambda root: root.insert(1, _forged()), one),
            ("behind", lambda root: root.append(_forged()), one),
            ("with the same ID", lambda root: root.append(_forged("_a1")), Code.DUPLICATE_ID),
            ("around the signed one", _around, one),
            ("inside the signed one", lambda root: assertion_of(root).append(_forged()), one),
            ("in an Object of the signature", _in_object, one),
            ("encrypted beside", _encrypted_beside, one),
        ):
            yield Hostile(f"XSW: a forged one {name}, {level} signed", altered(change, level), code)
    yield Hostile(
        "XSW: the root is an assertion",
        lambda: etree.tostring(_signed_alone()),
        Code.NOT_A_RESPONSE,
    )
    for attribute in ("Id", "id", "{http://www.w3.org/XML/1998/namespace}id", "{urn:x}ID"):
        yield Hostile(
            f"an ID twice, as {attribute}",
            altered(partial(_named_like_the_signed, attribute=attribute)),
            Code.DUPLICATE_ID,
        )


def _named_like_the_signed(root: Any, *, attribute: str) -> None:
    root.find(f"{{{SAMLP}}}Status").set(attribute, "_a1")


def _around(root: Any) -> None:
    good, evil = assertion_of(root), _forged()
    root.replace(good, evil)
    evil.append(good)


def _in_object(root: Any) -> None:
    holder = etree.SubElement(next(root.iter(f"{{{DS}}}Signature")), f"{{{DS}}}Object")
    holder.append(_forged())


def _encrypted_beside(root: Any) -> None:
    etree.SubElement(root, f"{{{SAML}}}EncryptedAssertion")


def _signed_alone() -> Any:
    root = etree.fromstring(response_bytes(GOOD))
    return assertion_of(root)
