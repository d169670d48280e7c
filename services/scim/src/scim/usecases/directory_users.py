"""Keeping what this service must know of the directory's users: those made there by hand.

A hand-made user is kept so that the identity provider finds it and adopts it instead of making a
second one. Users that came from the provider are ours already; what the directory says is ignored.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from scim.domain.user import User
from scim.usecases.ports import DirectoryUsers


@dataclass(frozen=True, slots=True)
class DirectoryUserState:
    """A user as the directory describes it."""

    id: UUID
    user_name: str
    active: bool
    manual: bool
    external_id: str | None
    display_name: str | None
    given_name: str | None
    family_name: str | None
    email: str | None


@dataclass(frozen=True, slots=True)
class KeepDirectoryUser:
    """Keeps a hand-made user as the directory describes it now."""

    users: DirectoryUsers

    async def __call__(self, tenant_id: UUID, state: DirectoryUserState, at: datetime) -> None:
        """Store the user; one that came from the provider is left alone."""
        if state.manual:
            user = User.from_document(_document(state), id=state.id)
            await self.users.save(tenant_id, user, at)


@dataclass(frozen=True, slots=True)
class ForgetDirectoryUser:
    """Forgets a hand-made user that has left the directory."""

    users: DirectoryUsers

    async def __call__(self, tenant_id: UUID, user_id: UUID) -> None:
        """Remove the user, unless the provider has adopted it."""
        await self.users.remove(tenant_id, user_id)


def _document(state: DirectoryUserState) -> dict[str, Any]:
    name = {"givenName": state.given_name, "familyName": state.family_name}
    emails = [{"value": state.email, "type": "work", "primary": True}] if state.email else []
    document: dict[str, Any] = {
        "userName": state.user_name,
        "externalId": state.external_id,
        "displayName": state.display_name,
        "name": {key: value for key, value in name.items() if value},
        "emails": emails,
    }
    return {key: value for key, value in document.items() if value} | {"active": state.active}
