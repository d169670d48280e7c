"""A SAML document as a tree, read so that nothing in it can harm or be read in two ways.

No DOCTYPE, hence no entities; UTF-8 alone; bounded in size, elements and depth; every ID once.
Nothing is fetched, and nobody looks at a signature before this has passed.
"""

import re
from typing import Any, TypeAlias

from lxml import etree

from sso.domain.refusals import Code, Refused

MAX_BYTES = 393_216
MAX_ELEMENTS = 20_000
MAX_DEPTH = 48
_ID_NAMES = frozenset({"id"})
_BOM = b"\xef\xbb\xbf"
_ENCODING = re.compile(r"encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")
_UTF8 = frozenset({"utf-8", "utf8", "us-ascii"})

Element: TypeAlias = Any
"""An element of lxml, which has no types."""


def parse_document(raw: bytes) -> Element:
    """Return the root of a document.

    Raises:
        Refused: It is too large, no XML in UTF-8, has a DOCTYPE, or an ID twice.
    """
    if len(raw) > MAX_BYTES:
        raise Refused(Code.TOO_LARGE, f"{len(raw)} bytes")
    text = raw.removeprefix(_BOM).strip()
    _check_encoding(text)
    _check_no_doctype(text)
    try:
        root = etree.fromstring(text, _parser())
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Refused(Code.NOT_XML, str(error)[:200]) from None
    _check_no_dtd(root)
    _check_ids(root)
    _check_size(root)
    return root


def _parser() -> etree.XMLParser:
    return etree.XMLParser(
        # Whatever a declaration says: the octets are read as they were checked.
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        recover=False,
        # Comments end a text for one reader and not for another.
        remove_comments=True,
        remove_pis=True,
    )


def _check_encoding(text: bytes) -> None:
    """Refuse any encoding but UTF-8: another reader might understand another one."""
    try:
        whole = text.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused(Code.NOT_XML, "not UTF-8") from None
    if not whole.startswith("<?xml"):
        return
    # To its end, however far that is: blanks may stand before the encoding.
    encoding = _ENCODING.search(whole.partition("?>")[0])
    if encoding is not None and encoding[1].lower() not in _UTF8:
        raise Refused(Code.NOT_XML, "not UTF-8")


def _check_no_doctype(text: bytes) -> None:
    """Refuse it wherever the octets stand: without one there are no entities."""
    lower = text.lower()
    if b"<!doctype" in lower or b"<!entity" in lower:
        raise Refused(Code.DOCTYPE)


def _check_no_dtd(root: Element) -> None:
    """Refuse what the parser took for a DOCTYPE, whichever octets that was.

    Entities in attributes are resolved for a signature, and gone in the copy that is read.
    """
    if root.getroottree().docinfo.internalDTD is not None:
        raise Refused(Code.DOCTYPE)


def _check_ids(root: Element) -> None:
    """Refuse an ID that two elements have: a signature over one could be taken for the other's."""
    seen: set[str] = set()
    for element in root.iter():
        for name, value in element.attrib.items():
            if etree.QName(name).localname.lower() in _ID_NAMES:
                if value in seen:
                    raise Refused(Code.DUPLICATE_ID)
                seen.add(value)


def _check_size(root: Element) -> None:
    elements = depth = 0
    for event, _ in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        elements += event == "start"
        if elements > MAX_ELEMENTS:
            raise Refused(Code.TOO_LARGE, "too many elements")
        if depth > MAX_DEPTH:
            raise Refused(Code.TOO_LARGE, "nested too deep")
