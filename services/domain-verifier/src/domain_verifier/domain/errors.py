"""Refusals as the domain knows them: a kind for machines and a sentence for people.

A sentence never tells whether another tenant knows the name (design §5.1).
"""

from typing import Literal

Kind = Literal["invalid", "not_found", "forbidden", "conflict", "limited", "unavailable"]


class DomainError(Exception):
    """Something asked for cannot be done; nothing was changed."""

    def __init__(
        self, slug: str, sentence: str, *, kind: Kind, retry_after: int | None = None
    ) -> None:
        super().__init__(sentence)
        self.slug = slug
        self.sentence = sentence
        self.kind: Kind = kind
        self.retry_after = retry_after


class NameRefused(DomainError):
    """The name cannot be claimed by anybody, or is no name."""

    def __init__(self, slug: str, sentence: str) -> None:
        super().__init__(slug, sentence, kind="invalid")


class ClaimNotFound(DomainError):
    """The tenant has no such claim."""

    def __init__(self, what: str) -> None:
        super().__init__("claim_not_found", f"This tenant has no claim {what}.", kind="not_found")


class TenantRefused(DomainError):
    """The tenant is unknown, suspended, or its package has no domain verification."""

    def __init__(self, slug: str, sentence: str) -> None:
        super().__init__(slug, sentence, kind="forbidden")


class WrongState(DomainError):
    """The claim's state does not allow what was asked."""

    def __init__(self, sentence: str) -> None:
        super().__init__("wrong_state", sentence, kind="conflict")


class TooMany(DomainError):
    """A limit was reached; it goes away by itself."""

    def __init__(self, slug: str, sentence: str, *, retry_after: int) -> None:
        super().__init__(slug, sentence, kind="limited", retry_after=retry_after)
