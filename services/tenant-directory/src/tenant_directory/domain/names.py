"""Names of tenants, users and groups: what may be one.

`kernel.names.comparison_key` decides when two names of users or of groups are the same, as in the
SCIM service: every look-up and every index go by that key.
"""

import re

from kernel.errors import InvalidError
from kernel.limits import MAX_NAME_BYTES, is_storable_name
from kernel.names import parse_id_leniently

_TENANT_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_USER_NAME = re.compile(r"[^\s@]{1,64}@[^\s@]{1,255}")


def tenant_name(text: str) -> str:
    """Return the tenant name in its one spelling, or refuse it."""
    name = text.strip().lower()
    # A name that reads as an id would make `--tenant` ambiguous.
    if not _TENANT_NAME.fullmatch(name) or parse_id_leniently(name) is not None:
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


def refuse_long_name(name: str, *, soft_deleted: bool = False) -> None:
    """Refuse a name from the identity provider that no index can hold."""
    if not is_storable_name(name, soft_deleted=soft_deleted):
        raise InvalidError(
            "name-too-long",
            f"The name {name[:80]!r}… is longer than the {MAX_NAME_BYTES} bytes that are stored: "
            "shorten it at the identity provider.",
        )
