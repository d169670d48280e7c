"""How documents of the corpus are made and changed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lxml import etree

from sso.domain.refusals import Code
from support.gate_documents import GOOD
from support.identity_provider import (
    DS,
    SAML,
    key,
    response_bytes,
    signed,
    tree,
)

LEVELS = ("assertion", "response")

EVIL = "boss@corp.example"


@dataclass(frozen=True)
class Hostile:
    """A document that must be refused, by this code."""

    name: str
    make: Callable[[], bytes]
    code: Code


@dataclass(frozen=True)
class Honest:
    """A document that must be read as Ann's."""

    name: str
    make: Callable[[], bytes]


Change = Callable[[Any], object]


def assertion_of(root: Any) -> Any:
    return root.find(f"{{{SAML}}}Assertion")


def dsig(name: str) -> str:
    return f"{{{DS}}}{name}"


def first_of(root: Any, name: str) -> Any:
    return next(root.iter(dsig(name)))


def set_attribute(path: str, name: str, value: str | None) -> Change:
    def change(root: Any) -> None:
        found = first_of(root, path)
        if value is None:
            del found.attrib[name]
        else:
            found.set(name, value)

    return change


def say_in(path: str, value: str) -> Change:
    def change(root: Any) -> None:
        first_of(root, path).text = value

    return change


def add_child(parent: str, child: str, index: int = -1) -> Change:
    def change(root: Any) -> None:
        made = etree.fromstring(child.replace(" ", f' xmlns="{DS}" ', 1))
        found = first_of(root, parent)
        found.insert(index if index >= 0 else len(found), made)

    return change


def drop(path: str) -> Change:
    def change(root: Any) -> None:
        found = first_of(root, path)
        found.getparent().remove(found)

    return change


def altered(change: Change, level: str = "assertion") -> Callable[[], bytes]:
    def make() -> bytes:
        root = etree.fromstring(response_bytes(GOOD, sign=level))
        change(root)
        return bytes(etree.tostring(root))

    return make


def in_saml(path: str, change: Change) -> Change:
    return lambda root: change(next(root.iter(f"{{{SAML}}}{path}")))


def gone(found: Any) -> None:
    found.getparent().remove(found)


def with_attribute(name: str, value: str) -> Change:
    return lambda found: found.set(name, value)


def without_attribute(name: str) -> Change:
    return lambda found: found.attrib.pop(name)


def in_confirmation(name: str, value: str | None) -> Change:
    change = without_attribute(name) if value is None else with_attribute(name, value)
    return in_saml("SubjectConfirmationData", change)


def signed_after(change: Change) -> Callable[[], bytes]:
    """Change an unsigned response and let the provider sign the whole of it."""

    def make() -> bytes:
        root = tree(GOOD)
        change(root)
        return bytes(etree.tostring(signed(root, key())))

    return make
