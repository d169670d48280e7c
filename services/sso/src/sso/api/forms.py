"""Reads what is posted as a form, within bounds."""

import base64
import binascii
from collections.abc import Mapping
from urllib.parse import parse_qsl, unquote_plus

from starlette.requests import Request

from kernel.errors import InvalidError
from sso.domain.refusals import Code, Refused

MAX_FIELDS = 40
_FORM = "application/x-www-form-urlencoded"


async def read_form(request: Request) -> Mapping[str, str]:
    """Return the fields of a form; the edge bounds its size.

    Raises:
        InvalidError: It is no such form, or has a field twice (RFC 6749 §3.2).
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != _FORM:
        raise InvalidError("form-expected", f"Send the fields as {_FORM}.")
    return read_fields((await request.body()).decode("latin-1"))


def read_fields(text: str) -> Mapping[str, str]:
    """Return the parameters of a query or a form."""
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError:
        raise InvalidError("form-too-large", f"At most {MAX_FIELDS} fields are read.") from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise InvalidError("field-repeated", "A field was sent twice.")
    return {name: value.replace("\x00", "") for name, value in fields.items()}


def decoded_response(text: str) -> bytes:
    """Return the document of a form's SAMLResponse."""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise Refused(Code.NOT_BASE64) from None


def basic_credentials(header: str) -> tuple[str, str] | None:
    """Return id and secret of HTTP Basic, both form-decoded (RFC 6749 §2.3.1)."""
    scheme, _, value = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, colon, secret = base64.b64decode(value.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    return (unquote_plus(name), unquote_plus(secret)) if colon else None
