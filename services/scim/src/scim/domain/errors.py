"""The one error of this service: a kernel error with a SCIM error type.

Entra shows the sentence (SCIM's `detail`) to the tenant's administrator, so it names the attribute
and says what to change. It never repeats a secret or tells what exists in another tenant.
"""

from kernel.errors import DomainError, Kind

RETRY_SECONDS = 5


class ScimError(DomainError):
    """A request that cannot be fulfilled; nothing has been changed."""

    def __init__(
        self,
        kind: Kind,
        sentence: str,
        scim_type: str | None = None,
        *,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(scim_type or kind.value, sentence, retry_after=retry_after)
        self.kind = kind
        self.scim_type = scim_type
        """The `scimType` of RFC 7644 table 9, where one fits."""


def invalid_value(sentence: str) -> ScimError:
    """Tell that a value is missing or does not fit its attribute."""
    return ScimError(Kind.INVALID, sentence, "invalidValue")


def invalid_syntax(sentence: str) -> ScimError:
    """Tell that the body does not have the shape of the request."""
    return ScimError(Kind.INVALID, sentence, "invalidSyntax")


def invalid_path(sentence: str) -> ScimError:
    """Tell that a PATCH path cannot be read."""
    return ScimError(Kind.INVALID, sentence, "invalidPath")


def invalid_filter(sentence: str) -> ScimError:
    """Tell that a filter cannot be read or is not supported."""
    return ScimError(Kind.INVALID, sentence, "invalidFilter")


def no_target(sentence: str) -> ScimError:
    """Tell that a PATCH operation has no target."""
    return ScimError(Kind.INVALID, sentence, "noTarget")


def mutability(sentence: str) -> ScimError:
    """Tell that an attribute cannot be changed in this way."""
    return ScimError(Kind.INVALID, sentence, "mutability")


def uniqueness(sentence: str) -> ScimError:
    """Tell that another resource of the tenant already holds the value."""
    return ScimError(Kind.CONFLICT, sentence, "uniqueness")


def not_found(sentence: str) -> ScimError:
    """Tell that the tenant has no such resource."""
    return ScimError(Kind.NOT_FOUND, sentence)


def too_large(sentence: str) -> ScimError:
    """Tell that a request has to be sent in parts."""
    return ScimError(Kind.TOO_LARGE, sentence)


def unavailable(sentence: str) -> ScimError:
    """Tell that the same request may succeed a little later."""
    return ScimError(Kind.UNAVAILABLE, sentence, retry_after=RETRY_SECONDS)
