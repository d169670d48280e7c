"""What a client can discover: the provider's abilities, its resource types and schemas.

Schemas are published from the files that the protocol itself reads; nothing here is written twice.
Bodies have no null values and every list is a ListResponse, as Entra's gallery check wants it.
"""

from typing import Any

import orjson

from scim.domain.errors import not_found
from scim.domain.user import ENTERPRISE_URN
from scim.protocol.bodies import list_bytes
from scim.protocol.paging import MAX_COUNT
from scim.protocol.schema import GROUP_URN, USER_URN, published

_CORE = "urn:ietf:params:scim:schemas:core:2.0"
_SCHEMA_FILES = {USER_URN: "user", ENTERPRISE_URN: "enterprise_user", GROUP_URN: "group"}
_RESOURCE_TYPES: dict[str, dict[str, Any]] = {
    "User": {
        "endpoint": "/Users",
        "description": "A person's account in the product.",
        "schema": USER_URN,
        "schemaExtensions": [{"schema": ENTERPRISE_URN, "required": False}],
    },
    "Group": {"endpoint": "/Groups", "description": "A group of users.", "schema": GROUP_URN},
}


def service_provider_config(base_url: str) -> bytes:
    """Return what this provider can do (RFC 7643 §5)."""
    return orjson.dumps(
        {
            "schemas": [f"{_CORE}:ServiceProviderConfig"],
            "patch": {"supported": True},
            "bulk": {"supported": False, "maxOperations": 0, "maxPayloadSize": 0},
            "filter": {"supported": True, "maxResults": MAX_COUNT},
            "changePassword": {"supported": False},
            "sort": {"supported": False},
            "etag": {"supported": False},
            "authenticationSchemes": [
                {
                    "type": "oauthbearertoken",
                    "name": "Bearer token",
                    "description": "The SCIM token of the tenant, sent as a bearer token.",
                    "specUri": "https://www.rfc-editor.org/rfc/rfc6750",
                    "primary": True,
                }
            ],
            "meta": {
                "resourceType": "ServiceProviderConfig",
                "location": f"{base_url}/ServiceProviderConfig",
            },
        }
    )


def resource_types(base_url: str) -> bytes:
    """Return all resource types as a ListResponse."""
    return _list([resource_type(base_url, name) for name in _RESOURCE_TYPES])


def resource_type(base_url: str, name: str) -> bytes:
    """Return one resource type by its name."""
    if name not in _RESOURCE_TYPES:
        raise not_found("There is no such resource type; there are User and Group.")
    meta = {"resourceType": "ResourceType", "location": f"{base_url}/ResourceTypes/{name}"}
    head = {"schemas": [f"{_CORE}:ResourceType"], "id": name, "name": name}
    return orjson.dumps(head | _RESOURCE_TYPES[name] | {"meta": meta})


def schemas(base_url: str) -> bytes:
    """Return all schemas as a ListResponse."""
    return _list([schema(base_url, urn) for urn in _SCHEMA_FILES])


def schema(base_url: str, urn: str) -> bytes:
    """Return one schema by its URN, which is compared without case."""
    known = next((u for u in _SCHEMA_FILES if u.lower() == urn.lower()), None)
    if known is None:
        raise not_found(f"There is no such schema; there are {', '.join(_SCHEMA_FILES)}.")
    meta = {"resourceType": "Schema", "location": f"{base_url}/Schemas/{known}"}
    return orjson.dumps(published(_SCHEMA_FILES[known]) | {"meta": meta})


def _list(resources: list[bytes]) -> bytes:
    return list_bytes(resources, total=len(resources), start_index=1)
