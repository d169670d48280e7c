"""Which operation each method and path of the SCIM surface is."""

from scim.api.asked import Operation, Operations
from scim.api.discovery import discovery_operations
from scim.api.groups import GroupResource
from scim.api.search import as_list, refuse_mixed_search
from scim.api.users import UserResource


def scim_operations(users: UserResource, groups: GroupResource) -> Operations:
    """Return every operation there is."""
    return {
        "users": {
            "GET": Operation("user.list", "User", 200, users.list),
            "POST": Operation("user.create", "User", 201, users.post),
        },
        "users/*": {
            "GET": Operation("user.get", "User", 200, users.get),
            "PUT": Operation("user.replace", "User", 200, users.put),
            "PATCH": Operation("user.patch", "User", 200, users.patch),
            "DELETE": Operation("user.delete", "User", 204, users.remove),
        },
        "groups": {
            "GET": Operation("group.list", "Group", 200, groups.list),
            "POST": Operation("group.create", "Group", 201, groups.post),
        },
        "groups/*": {
            "GET": Operation("group.get", "Group", 200, groups.get),
            "PUT": Operation("group.replace", "Group", 200, groups.put),
            "PATCH": Operation("group.patch", "Group", 204, groups.patch),
            "DELETE": Operation("group.delete", "Group", 204, groups.remove),
        },
        "users/.search": {"POST": Operation("user.search", "User", 200, as_list(users.list))},
        "groups/.search": {"POST": Operation("group.search", "Group", 200, as_list(groups.list))},
        ".search": {"POST": Operation("search", None, 200, refuse_mixed_search)},
        **discovery_operations(),
    }
