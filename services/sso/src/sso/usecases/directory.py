"""What the bus says of users, domains and tenants, kept so that sign-in needs nobody else."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from chassis.clock import Clock
from sso.domain.login import User


class Directory(Protocol):
    """The copy of what the directory and the domain verifier say, in one transaction."""

    async def save_user(self, user: User) -> None:
        """Keep a user as the directory describes it now."""
        ...

    async def remove_user(self, tenant_id: UUID, user_id: UUID) -> None:
        """Forget a user with its bindings."""
        ...

    async def end_sessions(
        self, tenant_id: UUID, user_id: UUID, at: datetime, because: str
    ) -> None:
        """End every session and login of a user."""
        ...

    async def save_domain(self, tenant_id: UUID, domain: str) -> None:
        """Note that a tenant holds a domain."""
        ...

    async def remove_domain(self, tenant_id: UUID, domain: str) -> None:
        """Note that a tenant holds a domain no longer."""
        ...

    async def remove_tenant(self, tenant_id: UUID) -> None:
        """Forget what is kept of a tenant that is gone."""
        ...


@dataclass(frozen=True, slots=True)
class KeepUser:
    """Keeps a user as the directory describes it; one who is inactive is out at once."""

    directory: Directory
    clock: Clock

    async def __call__(self, user: User) -> None:
        """Store the user, and end its sessions if it may not sign in."""
        await self.directory.save_user(user)
        if not user.active:
            now = self.clock.now()
            await self.directory.end_sessions(user.tenant_id, user.id, now, "user deactivated")


@dataclass(frozen=True, slots=True)
class ForgetUser:
    """Forgets a user who has left the directory, and ends its sessions."""

    directory: Directory
    clock: Clock

    async def __call__(self, tenant_id: UUID, user_id: UUID) -> None:
        """Remove the user."""
        await self.directory.end_sessions(tenant_id, user_id, self.clock.now(), "user deleted")
        await self.directory.remove_user(tenant_id, user_id)


@dataclass(frozen=True, slots=True)
class KeepDomain:
    """Notes that a tenant holds a domain."""

    directory: Directory

    async def __call__(self, tenant_id: UUID, domain: str) -> None:
        """Let the domain lead to the tenant."""
        await self.directory.save_domain(tenant_id, domain)


@dataclass(frozen=True, slots=True)
class ForgetDomain:
    """Notes that a tenant holds a domain no longer."""

    directory: Directory

    async def __call__(self, tenant_id: UUID, domain: str) -> None:
        """Let the domain lead nowhere; who is bound already still signs in."""
        await self.directory.remove_domain(tenant_id, domain)


@dataclass(frozen=True, slots=True)
class ForgetTenant:
    """Forgets everything of a tenant that is gone."""

    directory: Directory

    async def __call__(self, tenant_id: UUID) -> None:
        """Remove connections, users and domains."""
        await self.directory.remove_tenant(tenant_id)
