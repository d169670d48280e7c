"""What the use cases of tokens need from storage."""

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
