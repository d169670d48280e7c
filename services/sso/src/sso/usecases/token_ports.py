"""What the use cases of tokens need from storage."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol
from uuid import UUID

from sso.domain.refresh import Family
from sso.domain.tokens import CodeGrant


class Codes(Protocol):
    """Codes that tell apps who has signed in."""

    async def use(self, digest: bytes, at: datetime) -> CodeGrant | None:
        """Use a code up; None if there is none, it was used, is over, or its session is."""
        ...

    async def find_used(self, digest: bytes, at: datetime) -> CodeGrant | None:
        """Return a code that was used, while it is remembered and its session lives."""
        ...


class UsedAssertions(Protocol):
    """Assertions by which apps have proved themselves."""

    async def take(self, client_id: str, digest: bytes, until: datetime) -> bool:
        """Remember one by the digest of its id; False if it is remembered already."""
        ...


class PushedRequests(Protocol):
    """Authorization requests that apps have sent ahead of the browser."""

    async def add(
        self, client_id: str, digest: bytes, parameters: Mapping[str, str], until: datetime
    ) -> None:
        """Store one by the digest of its name."""
        ...

    async def find(self, client_id: str, digest: bytes, at: datetime) -> Mapping[str, str] | None:
        """Return one of the app; None if there is none, or it is over."""
        ...


class Families(Protocol):
    """Families of refresh tokens, found by the digests of their secrets."""

    async def add(self, family: Family, digest: bytes, at: datetime) -> None:
        """Store a new one; its session is kept for as long as it is good."""
        ...

    async def find(self, digest: bytes, at: datetime) -> Family | None:
        """Return one; None if there is none, it is over, or its session is."""
        ...

    async def rotate(self, tenant_id: UUID, digest: bytes, generation: int, at: datetime) -> bool:
        """Begin the generation after one; False if that has begun already."""
        ...

    async def revoke(self, tenant_id: UUID, session_id: UUID, client_id: str, before: UUID) -> None:
        """Forget an app's families of a session, and refuse its access tokens with lower ids."""
        ...
