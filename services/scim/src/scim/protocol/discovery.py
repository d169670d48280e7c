"""What a client can discover: the provider's abilities, its resource types and schemas.

Bodies are scim2-models' own, made once; only their addresses differ between tenants. They have no
null values and every list is a ListResponse, as Entra's gallery check wants it.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

import orjson
from scim2_models import (
    AuthenticationScheme,
    Bulk,
    ChangePassword,
    EnterpriseUser,
    ETag,
    External,
    Filter,
    Group,
    Patch,
    Reference,
    ResourceType,
    ServiceProviderConfig,
    Sort,
    User,
)

from scim.domain.errors import not_found
from scim.protocol.bodies import list_bytes
from scim.protocol.paging import MAX_COUNT
from scim.protocol.published import published_schemas


def service_provider_config(base_url: str) -> bytes:
    """Return what this provider can do (RFC 7643 §5)."""
    return _resource(_config(), "ServiceProviderConfig", f"{base_url}/ServiceProviderConfig")


def resource_types(base_url: str) -> bytes:
    """Return all resource types as a ListResponse."""
    return _list([resource_type(base_url, name) for name in _resource_types()])


def resource_type(base_url: str, name: str) -> bytes:
    """Return one resource type by its name."""
    known = _resource_types().get(name)
    if known is None:
        raise not_found("There is no such resource type; there are User and Group.")
    return _resource(known, "ResourceType", f"{base_url}/ResourceTypes/{name}")


def schemas(base_url: str) -> bytes:
    """Return all schemas as a ListResponse."""
    return _list([schema(base_url, urn) for urn in published_schemas()])


def schema(base_url: str, urn: str) -> bytes:
    """Return one schema by its URN, which is compared without case."""
    known = published_schemas()
    found = next((u for u in known if u.lower() == urn.lower()), None)
    if found is None:
        raise not_found(f"There is no such schema; there are {', '.join(known)}.")
    return _resource(known[found], "Schema", f"{base_url}/Schemas/{found}")


@cache
def _config() -> dict[str, Any]:
    config = ServiceProviderConfig(
        patch=Patch(supported=True),
        bulk=Bulk(supported=False, max_operations=0, max_payload_size=0),
        filter=Filter(supported=True, max_results=MAX_COUNT),
        change_password=ChangePassword(supported=False),
        sort=Sort(supported=False),
        etag=ETag(supported=False),
        authentication_schemes=[
            AuthenticationScheme(
                type=AuthenticationScheme.Type.oauthbearertoken,
                name="Bearer token",
                description="The SCIM token of the tenant, sent as a bearer token.",
                spec_uri=Reference[External]("https://www.rfc-editor.org/rfc/rfc6750"),
                primary=True,
            )
        ],
    )
    return config.model_dump()


@cache
def _resource_types() -> Mapping[str, dict[str, Any]]:
    user = ResourceType.from_resource(User[EnterpriseUser])
    user.description = "A person's account in the product."
    group = ResourceType.from_resource(Group)
    group.description = "A group of users."
    return {kind.name: kind.model_dump() for kind in (user, group) if kind.name is not None}


def _resource(body: dict[str, Any], kind: str, location: str) -> bytes:
    return orjson.dumps({**body, "meta": {"resourceType": kind, "location": location}})


def _list(resources: list[bytes]) -> bytes:
    return list_bytes(resources, total=len(resources), start_index=1)
