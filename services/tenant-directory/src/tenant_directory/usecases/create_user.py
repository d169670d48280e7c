"""Create a user by hand; the identity provider may adopt it later by its name."""

from dataclasses import dataclass

from chassis.clock import Clock
from chassis.ids import uuid7
from tenant_directory.domain.changes import UserCreated
from tenant_directory.domain.errors import ConflictError
from tenant_directory.domain.tenant import Role
from tenant_directory.domain.user import Profile, RoleGiver, User
from tenant_directory.usecases.find import find_tenant
from tenant_directory.usecases.ports import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class RoleChoice:
    """A role somebody decided on, which may be none; no choice at all is another thing."""

    role: Role | None


@dataclass(frozen=True, slots=True)
class CreateUser:
    """Creates a manual user under a name that no other user of the tenant holds."""

    uow: UnitOfWorkFactory
    clock: Clock

    async def __call__(
        self, tenant: str, name: str, *, profile: Profile, choice: RoleChoice | None, actor: str
    ) -> User:
        """Create the user with the chosen role, or with the tenant's default role."""
        async with self.uow() as work:
            home = await find_tenant(work, tenant)
            user = User.manual(
                home.tenant_id,
                uuid7(),
                name=name,
                role=choice.role if choice else home.default_role,
                role_given_by=RoleGiver.ADMIN if choice else RoleGiver.DEFAULT,
                profile=profile,
                now=self.clock.now(),
            )
            if not await work.users.add(user):
                raise ConflictError(
                    "user-name-taken",
                    f"Tenant '{home.name}' has a user '{user.user_name}' already: "
                    f"`user show {user.user_name} --tenant {home.name}` shows it.",
                )
            await work.change_log.record(home.tenant_id, [UserCreated(user)], actor=actor)
        return user
