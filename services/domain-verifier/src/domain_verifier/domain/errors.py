"""What can go wrong by the rules: kinds, each with a stable slug and a sentence to act on.

A sentence never tells whether another tenant knows the name.
"""

from typing import ClassVar


class DomainError(Exception):
    """A rule says no; nothing was changed."""

    kind: ClassVar[str] = "domain"

    def __init__(self, slug: str, sentence: str) -> None:
        super().__init__(sentence)
        self.slug = slug
        self.sentence = sentence


class InvalidError(DomainError):
    """The input can never be right."""

    kind = "invalid"


class NameRefusedError(InvalidError):
    """The name cannot be claimed by anybody, or is no name."""


class NotFoundError(DomainError):
    """What the caller named does not exist in this tenant."""

    kind = "not_found"


class ConflictError(DomainError):
    """The change contradicts what is already there."""

    kind = "conflict"


class ForbiddenError(DomainError):
    """This caller may not make this change."""

    kind = "forbidden"


class TooManyRequestsError(DomainError):
    """A limit was reached; it goes away by itself."""

    kind = "too_many_requests"

    def __init__(self, slug: str, sentence: str, *, retry_after: int) -> None:
        super().__init__(slug, sentence)
        self.retry_after = retry_after
