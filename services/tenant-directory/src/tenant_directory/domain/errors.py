"""What can go wrong by the rules: kinds, each with a stable slug and a sentence to act on.

Callers decide what a kind means to them: an exit code, an HTTP status, a parked event.
"""

from typing import ClassVar


class DomainError(Exception):
    """A rule says no; nothing was changed."""

    kind: ClassVar[str] = "domain"

    def __init__(self, slug: str, sentence: str) -> None:
        super().__init__(sentence)
        self.slug = slug
        self.sentence = sentence


class NotFoundError(DomainError):
    """What the caller named does not exist in this tenant."""

    kind = "not_found"


class ConflictError(DomainError):
    """The change contradicts what is already there."""

    kind = "conflict"


class ForbiddenError(DomainError):
    """This caller may not make this change; someone else may."""

    kind = "forbidden"


class InvalidError(DomainError):
    """The input can never be right."""

    kind = "invalid"
