"""The one error of this service: a kind, a SCIM error type and a sentence an admin can act on.

Entra shows `detail` to the tenant's administrator, so it names the attribute and says what to
change. It never repeats a secret and never tells whether something exists in another tenant.
"""

from enum import StrEnum


class Kind(StrEnum):
    """What went wrong, in words that know nothing of HTTP."""

    INVALID = "invalid"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    STALE = "stale"
    TOO_LARGE = "too_large"
    TOO_MANY_REQUESTS = "too_many_requests"
    UNAVAILABLE = "unavailable"


class ScimError(Exception):
    """A request that cannot be fulfilled; nothing has been changed."""

    def __init__(self, kind: Kind, detail: str, scim_type: str | None = None) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.scim_type = scim_type
        """The `scimType` of RFC 7644 table 9, where one fits."""


def invalid_value(detail: str) -> ScimError:
    """Tell that a value is missing or does not fit its attribute."""
    return ScimError(Kind.INVALID, detail, "invalidValue")


def invalid_syntax(detail: str) -> ScimError:
    """Tell that the body does not have the shape of the request."""
    return ScimError(Kind.INVALID, detail, "invalidSyntax")


def invalid_path(detail: str) -> ScimError:
    """Tell that a PATCH path cannot be read."""
    return ScimError(Kind.INVALID, detail, "invalidPath")


def invalid_filter(detail: str) -> ScimError:
    """Tell that a filter cannot be read or is not supported."""
    return ScimError(Kind.INVALID, detail, "invalidFilter")


def no_target(detail: str) -> ScimError:
    """Tell that a PATCH operation names nothing to work on."""
    return ScimError(Kind.INVALID, detail, "noTarget")


def mutability(detail: str) -> ScimError:
    """Tell that an attribute cannot be changed in this way."""
    return ScimError(Kind.INVALID, detail, "mutability")


def too_many(detail: str) -> ScimError:
    """Tell that an answer would be too large to compute."""
    return ScimError(Kind.INVALID, detail, "tooMany")


def uniqueness(detail: str) -> ScimError:
    """Tell that another resource of the tenant already holds the value."""
    return ScimError(Kind.CONFLICT, detail, "uniqueness")


def not_found(detail: str) -> ScimError:
    """Tell that the tenant has no such resource."""
    return ScimError(Kind.NOT_FOUND, detail)
