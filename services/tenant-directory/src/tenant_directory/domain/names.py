"""Names of tenants and users: what is a name, and when two names are the same.

User names compare without case everywhere, so every look-up and the unique index go by `name_key`.
"""

import re
from unicodedata import normalize
from uuid import UUID

from tenant_directory.domain.errors import InvalidError

_TENANT_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_USER_NAME = re.compile(r"[^\s@]{1,64}@[^\s@]{1,255}")


def parse_uuid(text: str) -> UUID | None:
    """Return the id that `text` spells, if it spells one."""
    try:
        return UUID(text)
    except ValueError:
        return None


def tenant_name(text: str) -> str:
    """Return the tenant name in its one spelling, or refuse it."""
    name = text.strip().lower()
    # A name that reads as an id would make `--tenant` ambiguous.
    if not _TENANT_NAME.fullmatch(name) or parse_uuid(name) is not None:
        raise InvalidError(
            "tenant-name-invalid",
            f"'{text}' cannot be a tenant name: use 1 to 63 letters, digits and hyphens, "
            "beginning with a letter or digit, and not an id.",
        )
    return name


def user_name(text: str) -> str:
    """Return the user name of a manually created user, or refuse it (it is an e-mail address)."""
    name = text.strip()
    if not _USER_NAME.fullmatch(name):
        raise InvalidError(
            "user-name-invalid",
            f"'{text}' cannot be a user name: use the person's e-mail address, "
            "for example ada@acme.com.",
        )
    return name


def name_key(name: str) -> str:
    """Return the form in which two spellings of one user name are equal.

    It is the SCIM service's form: what is unique there must be unique here.
    """
    if name.isascii():
        return name.lower()
    return normalize("NFC", normalize("NFC", name).casefold())
