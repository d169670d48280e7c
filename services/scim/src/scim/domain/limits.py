"""How large what a client sends may be, checked before it is stored.

What passes here the directory can apply: both services go by `kernel.limits`. Whatever a change
leaves as it was passes, so that a user from before a limit can still be deactivated.
"""

from typing import Any

import orjson

from kernel.errors import Kind
from kernel.limits import MAX_NAME_BYTES, fits, is_storable_name
from scim.domain.errors import ScimError, invalid_value
from scim.domain.user import User

_ALWAYS_TAKEN = frozenset({"userName", "active"})


def check_user(user: User, before: User | None, *, most_bytes: int) -> None:
    """Refuse a user with a name that cannot be indexed, or that is too large as a whole."""
    _check_names(user, before)
    size = _size(user.document)
    if size > most_bytes and (before is None or size > _size(before.document)):
        raise ScimError(
            Kind.TOO_LARGE,
            f"The user would have {size} bytes, more than the {most_bytes} that are kept of one; "
            "map fewer or shorter attributes.",
        )


def check_group(display_name: str | None, external_id: str | None) -> None:
    """Refuse a new name or external id of a group that cannot be indexed."""
    if display_name is not None and not is_storable_name(display_name):
        raise _too_long("displayName")
    _check_external_id(external_id)


def _check_names(user: User, before: User | None) -> None:
    # A name that was deleted may be longer: it is judged again when it is to be active.
    named = (user.user_name, user.soft_deleted)
    kept = before is not None and (
        named == (before.user_name, before.soft_deleted) or _deletes_long_name(user, before)
    )
    if not kept and not is_storable_name(user.user_name, soft_deleted=user.soft_deleted):
        raise _too_long("userName")
    if before is None or user.external_id != before.external_id:
        _check_external_id(user.external_id)
    known = frozenset(() if before is None else before.email_values)
    if not all(email in known or is_storable_name(email) for email in user.email_values):
        raise _too_long("emails.value")


def _deletes_long_name(user: User, before: User) -> bool:
    """Tell whether a soft delete renames a user whose name is from before the limit."""
    return user.soft_deleted and not is_storable_name(before.user_name, soft_deleted=True)


def _check_external_id(external_id: str | None) -> None:
    if external_id is not None and not fits(external_id, MAX_NAME_BYTES):
        raise _too_long("externalId")


def _size(document: dict[str, Any]) -> int:
    """Return the size of a document but for what a deactivation or a soft delete makes longer."""
    return len(orjson.dumps({k: v for k, v in document.items() if k not in _ALWAYS_TAKEN}))


def _too_long(name: str) -> ScimError:
    return invalid_value(f"{name} is longer than {MAX_NAME_BYTES} bytes; shorten it.")
