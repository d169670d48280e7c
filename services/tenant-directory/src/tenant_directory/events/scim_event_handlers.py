"""The handlers of `scim-events`: each calls one use case inside the consumer's transaction."""

import asyncpg

from contracts import scim
from contracts.event import Event
from tenant_directory.domain.group import IdpGroup
from tenant_directory.domain.user import IdpUser, Profile
from tenant_directory.events.handler import UseCasesIn, data_of, wrong_data


class ScimEventHandlers:
    """The handlers."""

    def __init__(self, use_cases_in: UseCasesIn) -> None:
        self._use_cases_in = use_cases_in

    async def apply_user(self, event: Event, connection: asyncpg.Connection) -> None:
        """Apply the whole state of a user."""
        data = event.data
        if not isinstance(data, scim.ScimUserCreated | scim.ScimUserUpdated):
            raise wrong_data(event)
        use_cases = self._use_cases_in(connection)
        await use_cases.apply_scim_user(event.tenant_id, _idp_user(data.user))

    async def delete_user(self, event: Event, connection: asyncpg.Connection) -> None:
        """Remove a user."""
        data = data_of(event, scim.ScimUserDeleted)
        use_cases = self._use_cases_in(connection)
        await use_cases.delete_scim_user(event.tenant_id, data.user_id)

    async def apply_group(self, event: Event, connection: asyncpg.Connection) -> None:
        """Apply the whole state of a group."""
        data = event.data
        if not isinstance(data, scim.ScimGroupCreated | scim.ScimGroupUpdated):
            raise wrong_data(event)
        use_cases = self._use_cases_in(connection)
        await use_cases.apply_scim_group(event.tenant_id, _idp_group(data.group))

    async def delete_group(self, event: Event, connection: asyncpg.Connection) -> None:
        """Remove a group."""
        data = data_of(event, scim.ScimGroupDeleted)
        use_cases = self._use_cases_in(connection)
        await use_cases.delete_scim_group(event.tenant_id, data.group_id)

    async def change_members(self, event: Event, connection: asyncpg.Connection) -> None:
        """Change the members of a group."""
        data = data_of(event, scim.ScimGroupMembersChanged)
        use_cases = self._use_cases_in(connection)
        await use_cases.change_scim_members(
            event.tenant_id, data.group_id, added=data.added, removed=data.removed
        )


def _idp_user(user: scim.ScimUser) -> IdpUser:
    return IdpUser(
        user_id=user.user_id,
        version=user.version,
        user_name=user.user_name,
        active=user.active,
        soft_deleted=user.soft_deleted,
        profile=Profile(
            external_id=user.external_id,
            display_name=user.display_name,
            given_name=user.given_name,
            family_name=user.family_name,
            email=user.email,
            attributes=user.attributes,
        ),
    )


def _idp_group(group: scim.ScimGroup) -> IdpGroup:
    return IdpGroup(
        group_id=group.group_id,
        version=group.version,
        display_name=group.display_name,
        external_id=group.external_id,
    )
