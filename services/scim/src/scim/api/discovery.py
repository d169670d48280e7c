"""The discovery endpoints: schemas, resource types and the provider's abilities."""

from scim.api.answers import Answer
from scim.api.asked import Asked, Handler, Operation, Operations
from scim.domain.errors import Kind, ScimError
from scim.protocol import discovery


def discovery_operations() -> Operations:
    """Return the operations of the discovery endpoints."""
    return {
        "serviceproviderconfig": _get("discovery.config", _config),
        "resourcetypes": _get("discovery.resource_types", _resource_types),
        "resourcetypes/*": _get("discovery.resource_types", _resource_type),
        "schemas": _get("discovery.schemas", _schemas),
        "schemas/*": _get("discovery.schemas", _schema),
    }


def _get(name: str, handle: Handler) -> dict[str, Operation]:
    return {"GET": Operation(name, None, 200, handle)}


async def _config(asked: Asked) -> Answer:
    return Answer(200, discovery.service_provider_config(asked.base_url))


async def _resource_types(asked: Asked) -> Answer:
    _refuse_filter(asked)
    return Answer(200, discovery.resource_types(asked.base_url))


async def _resource_type(asked: Asked) -> Answer:
    return Answer(200, discovery.resource_type(asked.base_url, asked.rest))


async def _schemas(asked: Asked) -> Answer:
    _refuse_filter(asked)
    return Answer(200, discovery.schemas(asked.base_url))


async def _schema(asked: Asked) -> Answer:
    return Answer(200, discovery.schema(asked.base_url, asked.rest))


def _refuse_filter(asked: Asked) -> None:
    # RFC 7644 §4: a filter on these endpoints is to be refused with 403.
    if "filter" in asked.query:
        raise ScimError(Kind.FORBIDDEN, "The discovery endpoints take no filter.")
