"""The endpoints of the SCIM surface by path and method."""

from scim.api.discovery import discovery_endpoints
from scim.api.groups import GroupEndpoints
from scim.api.request import Endpoint, Endpoints, ScimRequest
from scim.api.responses import NotSupported, ScimResponse
from scim.api.search import refuse_mixed_search, search_by_body
from scim.api.users import UserEndpoints
from scim.protocol.schema import group_schema, user_schema
from scim.usecases.use_cases import UseCases

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def scim_endpoints(use_cases: UseCases) -> Endpoints:
    """Return all endpoints."""
    # The registry of attributes is made now, not by the first request.
    user_schema(), group_schema()
    users, groups = UserEndpoints(use_cases), GroupEndpoints(use_cases)
    return {
        "users": {
            "GET": Endpoint("user.list", "User", 200, users.list),
            "POST": Endpoint("user.create", "User", 201, users.post),
        },
        "users/*": {
            "GET": Endpoint("user.get", "User", 200, users.get),
            "PUT": Endpoint("user.replace", "User", 200, users.put),
            "PATCH": Endpoint("user.patch", "User", 200, users.patch),
            "DELETE": Endpoint("user.delete", "User", 204, users.remove),
        },
        "groups": {
            "GET": Endpoint("group.list", "Group", 200, groups.list),
            "POST": Endpoint("group.create", "Group", 201, groups.post),
        },
        "groups/*": {
            "GET": Endpoint("group.get", "Group", 200, groups.get),
            "PUT": Endpoint("group.replace", "Group", 200, groups.put),
            "PATCH": Endpoint("group.patch", "Group", 204, groups.patch),
            "DELETE": Endpoint("group.delete", "Group", 204, groups.remove),
        },
        "users/.search": {"POST": Endpoint("user.search", "User", 200, search_by_body(users.list))},
        "groups/.search": {
            "POST": Endpoint("group.search", "Group", 200, search_by_body(groups.list))
        },
        ".search": {"POST": Endpoint("search", None, 200, refuse_mixed_search)},
        "me": dict.fromkeys(_METHODS, Endpoint("me", None, 501, _refuse_me)),
        "me/*": dict.fromkeys(_METHODS, Endpoint("me", None, 501, _refuse_me)),
        **discovery_endpoints(),
    }


async def _refuse_me(_request: ScimRequest) -> ScimResponse:
    """Refuse the alias of who is asking (RFC 7644 §3.11): a token is no user."""
    raise NotSupported("A token is no user, so there is no /Me; use /Users/{id}.")
