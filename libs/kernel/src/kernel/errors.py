"""What can go wrong by the rules: kinds, each with a stable slug and a sentence to act on.

Callers decide what a kind means to them: an HTTP status, an exit code, a dead letter. A sentence
never repeats a secret and never tells whether something exists in another tenant.
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


class DomainError(Exception):
    """A rule says no; nothing was changed."""

    kind: Kind

    def __init__(self, slug: str, sentence: str, *, retry_after: int | None = None) -> None:
        super().__init__(sentence)
        self.slug = slug
        self.sentence = sentence
        self.retry_after = retry_after
        """Seconds after which the same request may succeed, where that is known."""


class InvalidError(DomainError):
    """The input can never be right."""

    kind = Kind.INVALID


class UnauthenticatedError(DomainError):
    """Nobody knows who is asking."""

    kind = Kind.UNAUTHENTICATED


class ForbiddenError(DomainError):
    """This caller may not do this; someone else may."""

    kind = Kind.FORBIDDEN


class NotFoundError(DomainError):
    """What the caller named does not exist in this tenant."""

    kind = Kind.NOT_FOUND


class ConflictError(DomainError):
    """The change contradicts what is already there."""

    kind = Kind.CONFLICT


class StaleError(DomainError):
    """What the caller wants to change is no longer what it saw."""

    kind = Kind.STALE


class TooLargeError(DomainError):
    """The input is larger than is taken."""

    kind = Kind.TOO_LARGE


class TooManyRequestsError(DomainError):
    """A limit was reached; it goes away by itself."""

    kind = Kind.TOO_MANY_REQUESTS


class UnavailableError(DomainError):
    """Something that is needed does not answer; the same request may succeed later."""

    kind = Kind.UNAVAILABLE
