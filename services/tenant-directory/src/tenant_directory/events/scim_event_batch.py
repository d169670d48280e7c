"""What the events of a batch are about, so that it can be read in one go."""

from collections.abc import Iterable
from uuid import UUID

from contracts import scim
from contracts.event import Event
from kernel.names import comparison_key
from tenant_directory.usecases.ports import Touched


def touched_by(events: Iterable[Event]) -> Touched:
    """Return everything that events of `scim-events` name."""
    touched = Touched()
    for event in events:
        touched.tenants.add(event.tenant_id)
        match event.data:
            case scim.ScimUserCreated(user=user) | scim.ScimUserUpdated(user=user):
                _touch_user(touched, event.tenant_id, user)
            case scim.ScimUserDeleted(user_id=user_id):
                touched.users.add((event.tenant_id, user_id))
                touched.leaving.add((event.tenant_id, user_id))
            case scim.ScimGroupCreated(group=group) | scim.ScimGroupUpdated(group=group):
                touched.groups.add((event.tenant_id, group.group_id))
            case scim.ScimGroupDeleted(group_id=group_id):
                touched.groups.add((event.tenant_id, group_id))
            case scim.ScimGroupMembersChanged() as change:
                _touch_members(touched, event.tenant_id, change)
            case _:
                # Its handler refuses it.
                pass
    return touched


def _touch_user(touched: Touched, tenant_id: UUID, user: scim.ScimUser) -> None:
    touched.users.add((tenant_id, user.user_id))
    if not user.soft_deleted:
        touched.names.add((tenant_id, comparison_key(user.user_name)))


def _touch_members(touched: Touched, tenant_id: UUID, change: scim.ScimGroupMembersChanged) -> None:
    touched.groups.add((tenant_id, change.group_id))
    for user_id in (*change.added, *change.removed):
        touched.members.add((tenant_id, change.group_id, user_id))
