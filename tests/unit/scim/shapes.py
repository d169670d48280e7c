"""Names and small builders that the tests of the protocol share."""

from typing import Any

import orjson

from scim.protocol.normalise import normalise_user, normalise_user_patch
from scim.protocol.user_patch import patch_user

CORE = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
M = "2819c223-7f76-453a-919d-413861904646"
WORK = 'emails[type eq "work"].value'


def patch_body(*operations: dict[str, Any]) -> dict[str, Any]:
    """Return the body of a PATCH request."""
    return {"schemas": [PATCH_OP], "Operations": list(operations)}


def unknown(*names: str) -> tuple[str, ...]:
    """Return what the provisioning log says of names that no attribute has."""
    return tuple(f"{name}: no attribute has this name; correct the mapping" for name in names)


def op(name: str, path: str | None = None, **value: Any) -> dict[str, Any]:
    """Return one operation; `value=` is left out when not given."""
    return {"op": name} | ({} if path is None else {"path": path}) | value


def document(**attributes: Any) -> dict[str, Any]:
    """Return the document of a valid user."""
    return normalise_user({"userName": "ann@example.com", **attributes}).document


def patched(before: dict[str, Any], *operations: dict[str, Any]) -> dict[str, Any]:
    """Return a document after a PATCH that went over the wire as JSON."""
    body = orjson.loads(orjson.dumps(patch_body(*operations)))
    return patch_user(before, normalise_user_patch(body).operations)
