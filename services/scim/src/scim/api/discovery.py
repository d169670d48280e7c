"""The discovery endpoints: schemas, resource types and the provider's abilities."""

from kernel.errors import Kind
from scim.api.request import Endpoint, Endpoints, Handler, ScimRequest
from scim.api.responses import ScimResponse
from scim.domain.errors import ScimError
from scim.protocol import discovery


def discovery_endpoints() -> Endpoints:
    """Return the discovery endpoints."""
    return {
        # How to sign in is part of it, so nobody has to be signed in to read it.
        "serviceproviderconfig": {
            "GET": Endpoint("discovery.config", None, 200, _config, needs_token=False)
        },
        "resourcetypes": _get("discovery.resource_types", _resource_types),
        "resourcetypes/*": _get("discovery.resource_types", _resource_type),
        "schemas": _get("discovery.schemas", _schemas),
        "schemas/*": _get("discovery.schemas", _schema),
    }


def _get(name: str, handle: Handler) -> dict[str, Endpoint]:
    return {"GET": Endpoint(name, None, 200, handle)}


async def _config(request: ScimRequest) -> ScimResponse:
    return ScimResponse(200, discovery.service_provider_config(request.base_url))


async def _resource_types(request: ScimRequest) -> ScimResponse:
    _refuse_filter(request)
    return ScimResponse(200, discovery.resource_types(request.base_url))


async def _resource_type(request: ScimRequest) -> ScimResponse:
    return ScimResponse(200, discovery.resource_type(request.base_url, request.rest))


async def _schemas(request: ScimRequest) -> ScimResponse:
    _refuse_filter(request)
    return ScimResponse(200, discovery.schemas(request.base_url))


async def _schema(request: ScimRequest) -> ScimResponse:
    return ScimResponse(200, discovery.schema(request.base_url, request.rest))


def _refuse_filter(request: ScimRequest) -> None:
    # RFC 7644 §4: a filter on these endpoints is to be refused with 403.
    if "filter" in request.query:
        raise ScimError(Kind.FORBIDDEN, "The discovery endpoints take no filter.")
