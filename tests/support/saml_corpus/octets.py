"""Octets: what is no document, or another one for another reader."""

import base64
import gzip
import zlib
from collections.abc import Iterator
from functools import partial

from sso.domain.refusals import Code
from support.gate_documents import GOOD
from support.identity_provider import (
    SAMLP,
    response_bytes,
)
from support.saml_corpus.making import (
    Hostile,
)


def octets() -> Iterator[Hostile]:
    good = response_bytes(GOOD)
    plain = good.decode()
    declared = '<?xml version="1.0" encoding="{}"?>'
    entity = '<!DOCTYPE samlp:Response [<!ENTITY x "boss@corp.example">]>'
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "ha"}">' for n in range(9))
    forms: list[tuple[str, bytes, Code]] = [
        ("nothing", b"", Code.NOT_XML),
        ("blanks", b"  \n ", Code.NOT_XML),
        ("a NUL", good + b"\x00", Code.NOT_XML),
        ("a page", b"<!doctype html><html><body>Sign in</body></html>", Code.DOCTYPE),
        ("JSON", b'{"SAMLResponse": "x"}', Code.NOT_XML),
        ("cut off", good[:-20], Code.NOT_XML),
        ("two roots", good + good, Code.NOT_XML),
        ("text behind it", good + b"x", Code.NOT_XML),
        ("deflated [N4]", zlib.compress(good)[2:-4], Code.NOT_XML),
        ("gzipped [N4]", gzip.compress(good, mtime=0), Code.NOT_XML),
        ("a bomb, deflated [S3]", zlib.compress(b"<a>" * 100_000), Code.NOT_XML),
        ("base64 twice", base64.b64encode(good), Code.NOT_XML),
        ("UTF-16", plain.encode("utf-16"), Code.NOT_XML),
        ("UTF-16 without a mark", plain.encode("utf-16-be"), Code.NOT_XML),
        ("UTF-32", plain.encode("utf-32"), Code.NOT_XML),
        *(
            (f"said to be {name}", (declared.format(name) + plain).encode(), Code.NOT_XML)
            for name in ("utf-16", "utf-7", "ISO-8859-1", "windows-1252", "EBCDIC-CP-US")
        ),
        ("no UTF-8", good.replace(b"ann@", b"ann\xff@"), Code.NOT_XML),
        ("overlong UTF-8", good.replace(b"ann@", b"ann\xc0\xaf@"), Code.NOT_XML),
        ("an entity", (entity + plain).encode(), Code.DOCTYPE),
        ("an entity of a file [XXE]", _with_doctype(plain, "SYSTEM 'file:///etc/passwd'"), _D),
        ("an entity of a host [XXE]", _with_doctype(plain, "SYSTEM 'http://127.0.0.1/'"), _D),
        ("a parameter entity", f"<!DOCTYPE r [<!ENTITY % p SYSTEM 'x'> %p;]>{plain}".encode(), _D),
        ("a public DTD", f"<!DOCTYPE r PUBLIC '-//x' 'http://127.0.0.1/x'>{plain}".encode(), _D),
        ("attributes by DTD", f"<!DOCTYPE r [<!ATTLIST a ID CDATA 'x'>]>{plain}".encode(), _D),
        ("laughs", f"<!DOCTYPE r [{laughs}]><r>&l8;</r>".encode(), Code.DOCTYPE),
        ("a DOCTYPE behind a comment", b"<!-- x --><!DOCTYPE r>" + good, Code.DOCTYPE),
        ("an entity without a DTD", good.replace(b"ann@", b"&x;@"), Code.NOT_XML),
        ("too deep", b"<a>" * 60 + b"</a>" * 60, Code.TOO_LARGE),
        ("too many elements", b"<a>" + b"<b/>" * 30_000 + b"</a>", Code.TOO_LARGE),
        ("too large", b"<a>" + b"x" * 400_000 + b"</a>", Code.TOO_LARGE),
        ("an undeclared prefix", good.replace(b"<samlp:Status>", b"<q:Status>"), Code.NOT_XML),
        ("an attribute twice", good.replace(b' ID="_r1"', b' ID="_r1" ID="_r2"'), Code.NOT_XML),
        ("no response", b"<a/>", Code.NOT_A_RESPONSE),
        ("another namespace", good.replace(SAMLP.encode(), b"urn:x"), Code.NOT_A_RESPONSE),
        ("SAML 1.1", good.replace(b'Version="2.0"', b'Version="1.1"', 1), Code.NOT_A_RESPONSE),
        ("no version", good.replace(b' Version="2.0"', b"", 1), Code.NOT_A_RESPONSE),
        ("a request", b'<p:AuthnRequest xmlns:p="%s"/>' % SAMLP.encode(), Code.NOT_A_RESPONSE),
    ]
    for name, octets, code in forms:
        yield Hostile(f"octets: {name}", partial(bytes, octets), code)


_D = Code.DOCTYPE


def _with_doctype(plain: str, external: str) -> bytes:
    return f"<!DOCTYPE r [<!ENTITY x {external}>]>{plain.replace('ann@', '&x;@')}".encode()
