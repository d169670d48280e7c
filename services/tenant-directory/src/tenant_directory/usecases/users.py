"""What administrators can do with users: roles always, status only of manual users."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from chassis.clock import Clock
from chassis.ids import uuid7
from kernel.errors import ConflictError, NotFoundError
from kernel.names import comparison_key, parse_id_leniently
from tenant_directory.domain.changes import UserCreated, user_changes
from tenant_directory.domain.group import Group
from tenant_directory.domain.tenant import Role, Tenant
from tenant_directory.domain.user import Profile, RoleGiver, User, UserStatus
from tenant_directory.usecases.paging import all_pages
from tenant_directory.usecases.ports import LOWEST_ID, UnitOfWork, UnitOfWorkFactory, UserSummary
from tenant_directory.usecases.tenants import find_tenant


@dataclass(frozen=True, slots=True)
class RoleChoice:
    """A role somebody decided on, which may be none; no choice at all is another thing."""

    role: Role | None


@dataclass(frozen=True, slots=True)
class CreateUser:
    """Creates a manual user under a name that no other user of the tenant has.

    The identity provider may adopt the user later by its name.
    """

    uow: UnitOfWorkFactory
    clock: Clock

    async def __call__(
        self,
        tenant_name_or_id: str,
        name: str,
        *,
        profile: Profile,
        choice: RoleChoice | None,
        actor: str,
    ) -> User:
        """Create the user with the chosen role, or with the tenant's default role."""
        async with self.uow() as work:
            tenant = await find_tenant(work, tenant_name_or_id)
            user = User.manual(
                tenant.tenant_id,
                uuid7(),
                name=name,
                role=choice.role if choice else tenant.default_role,
                role_given_by=RoleGiver.ADMIN if choice else RoleGiver.DEFAULT,
                profile=profile,
                now=self.clock.now(),
            )
            if not await work.users.add(user):
                raise ConflictError(
                    "user-name-taken",
                    f"Tenant '{tenant.name}' has a user '{user.user_name}' already: "
                    f"`user show {user.user_name} --tenant {tenant.name}` shows it.",
                )
            await work.change_log.record(tenant.tenant_id, [UserCreated(user)], actor=actor)
        return user


@dataclass(frozen=True, slots=True)
class UserDetails:
    """A user with its tenant and groups."""

    tenant: Tenant
    user: User
    groups: Sequence[Group]


@dataclass(frozen=True, slots=True)
class GetUser:
    """Reads one user with its groups."""

    uow: UnitOfWorkFactory

    async def __call__(self, tenant_name_or_id: str, user_name_or_id: str) -> UserDetails:
        """Return the user of that user name or id."""
        async with self.uow() as work:
            tenant = await find_tenant(work, tenant_name_or_id)
            user = await find_user(work, tenant, user_name_or_id)
            groups = await work.users.groups_of(tenant.tenant_id, user.user_id)
        return UserDetails(tenant, user, groups)


@dataclass(frozen=True, slots=True)
class ListUsers:
    """Lists all users of a tenant in the order they were created."""

    uow: UnitOfWorkFactory

    def __call__(self, tenant_id: UUID) -> AsyncIterator[UserSummary]:
        """Yield every user that exists from beginning to end of the list, once."""
        return all_pages(
            self.uow,
            lambda work, after, limit: work.users.page(tenant_id, after=after, limit=limit),
            first=LOWEST_ID,
            key=lambda summary: summary.user.user_id,
        )


@dataclass(frozen=True, slots=True)
class SetRole:
    """Gives a user another role, or none."""

    uow: UnitOfWorkFactory
    clock: Clock

    async def __call__(
        self, tenant_name_or_id: str, user_name_or_id: str, role: Role | None, *, actor: str
    ) -> User:
        """Set the role; None takes the user's access away."""
        now = self.clock.now()
        return await _change(
            self.uow,
            tenant_name_or_id,
            user_name_or_id,
            lambda user: user.with_role(role, now),
            actor,
        )


@dataclass(frozen=True, slots=True)
class SetUserStatus:
    """Deactivates or reactivates a manual user; its role and groups stay."""

    uow: UnitOfWorkFactory
    clock: Clock

    async def __call__(
        self, tenant_name_or_id: str, user_name_or_id: str, status: UserStatus, *, actor: str
    ) -> User:
        """Set the status; a user that the identity provider keeps is refused."""
        now = self.clock.now()
        return await _change(
            self.uow,
            tenant_name_or_id,
            user_name_or_id,
            lambda user: user.with_status(status, now),
            actor,
        )


async def find_user(work: UnitOfWork, tenant: Tenant, name_or_id: str) -> User:
    """Return the tenant's user of that user name or id, locked, or refuse."""
    user_id = parse_id_leniently(name_or_id)
    if user_id is None:
        user = await work.users.by_name(tenant.tenant_id, comparison_key(name_or_id.strip()))
    else:
        user = (await work.users.find(tenant.tenant_id, user_id, None)).user
    if user is None:
        raise NotFoundError(
            "user-unknown",
            f"Tenant '{tenant.name}' has no user '{name_or_id}': "
            f"`user list --tenant {tenant.name}` shows all.",
        )
    return user


async def _change(
    uow: UnitOfWorkFactory,
    tenant_name_or_id: str,
    user_name_or_id: str,
    change: Callable[[User], User],
    actor: str,
) -> User:
    async with uow() as work:
        tenant = await find_tenant(work, tenant_name_or_id)
        before = await find_user(work, tenant, user_name_or_id)
        user = change(before)
        if user != before:
            await work.users.save(user)
            await work.change_log.record(tenant.tenant_id, user_changes(before, user), actor=actor)
    return user
