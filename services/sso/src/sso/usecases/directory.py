"""What the bus says of users, domains and tenants, kept so that sign-in needs nobody else."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from chassis.clock import Clock
from kernel.tenant import Tenant
from sso.domain.ending import Ending, Reason, loses_by
from sso.domain.login import User
from sso.usecases.entitlement import may_sign_on


class Directory(Protocol):
    """The copy of what the directory and the domain verifier say, in one transaction."""

    async def save_user(self, user: User) -> str | None:
        """Keep a user as the directory describes it now, and return the role that it had."""
        ...

    async def remove_user(self, tenant_id: UUID, user_id: UUID) -> None:
        """Forget a user with its bindings."""
        ...

    async def end_sessions(self, tenant_id: UUID, user_id: UUID, ending: Ending) -> None:
        """End every session and login of a user."""
        ...

    async def end_sessions_of_tenant(self, tenant_id: UUID, ending: Ending) -> None:
        """End every session and login of a tenant."""
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
    """Keeps a user as the directory describes it; who may no longer, or may do less, is out."""

    directory: Directory
    clock: Clock

    async def __call__(self, user: User) -> None:
        """Store the user, and end its sessions if it may not sign in."""
        before = await self.directory.save_user(user)
        if loses_by(before, user.role):
            reason = Reason.ROLE_CHANGED
        elif not user.active:
            reason = Reason.USER_DEACTIVATED
        else:
            return
        ending = Ending(reason, self.clock.now())
        await self.directory.end_sessions(user.tenant_id, user.id, ending)


@dataclass(frozen=True, slots=True)
class ForgetUser:
    """Forgets a user who has left the directory, and ends its sessions."""

    directory: Directory
    clock: Clock

    async def __call__(self, tenant_id: UUID, user_id: UUID) -> None:
        """Remove the user."""
        ending = Ending(Reason.USER_DELETED, self.clock.now())
        await self.directory.end_sessions(tenant_id, user_id, ending)
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
class KeepTenant:
    """Lets nobody of a tenant stay that is suspended, or whose package has no single sign-on."""

    directory: Directory
    clock: Clock

    async def __call__(self, tenant: Tenant) -> None:
        """End the tenant's sessions unless its people may sign in."""
        if may_sign_on(tenant):
            return
        ending = Ending(Reason.TENANT_NOT_ENTITLED, self.clock.now())
        await self.directory.end_sessions_of_tenant(tenant.tenant_id, ending)


@dataclass(frozen=True, slots=True)
class ForgetTenant:
    """Ends the sessions of a tenant that is gone, and forgets everything of it."""

    directory: Directory
    clock: Clock

    async def __call__(self, tenant_id: UUID) -> None:
        """Remove connections, users and domains."""
        ending = Ending(Reason.TENANT_DELETED, self.clock.now())
        await self.directory.end_sessions_of_tenant(tenant_id, ending)
        await self.directory.remove_tenant(tenant_id)
