"""Change a user by hand: its role always, its status only if no identity provider keeps it."""

from collections.abc import Callable
from dataclasses import dataclass

from chassis.clock import Clock
from tenant_directory.domain.changes import user_changes
from tenant_directory.domain.tenant import Role
from tenant_directory.domain.user import User, UserStatus
from tenant_directory.usecases.find import find_tenant, find_user
from tenant_directory.usecases.ports import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class SetRole:
    """Gives a user another role, or none."""

    uow: UnitOfWorkFactory
    clock: Clock

    async def __call__(self, tenant: str, user: str, role: Role | None, *, actor: str) -> User:
        """Set the role; None takes the user's access away."""
        now = self.clock.now()
        return await _change(self.uow, tenant, user, lambda u: u.with_role(role, now), actor)


@dataclass(frozen=True, slots=True)
class DeactivateUser:
    """Takes a manual user's sign-in away."""

    uow: UnitOfWorkFactory
    clock: Clock

    async def __call__(self, tenant: str, user: str, *, actor: str) -> User:
        """Deactivate the user; its role and groups stay for its return."""
        now = self.clock.now()
        return await _change(
            self.uow, tenant, user, lambda u: u.with_status(UserStatus.INACTIVE, now), actor
        )


@dataclass(frozen=True, slots=True)
class ReactivateUser:
    """Lets a deactivated manual user sign in again."""

    uow: UnitOfWorkFactory
    clock: Clock

    async def __call__(self, tenant: str, user: str, *, actor: str) -> User:
        """Reactivate the user with the role and groups it had."""
        now = self.clock.now()
        return await _change(
            self.uow, tenant, user, lambda u: u.with_status(UserStatus.ACTIVE, now), actor
        )


async def _change(
    uow: UnitOfWorkFactory, tenant: str, name_or_id: str, change: Callable[[User], User], actor: str
) -> User:
    async with uow() as work:
        home = await find_tenant(work, tenant)
        before = await find_user(work, home, name_or_id)
        user = change(before)
        if user != before:
            await work.users.save(user)
            await work.change_log.record(home.tenant_id, user_changes(before, user), actor=actor)
    return user
