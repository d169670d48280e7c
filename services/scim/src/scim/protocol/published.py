"""Our SCIM schemas as they are published: those of scim2-models, with what differs here.

The RFC's characteristics of each attribute (RFC 7643 §8.7) are the library's; the tables below say
what this service does not support, or does otherwise.
"""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from scim2_models import EnterpriseUser, Extension, Group, Resource, User

Json = dict[str, Any]
Differences = Mapping[str, Mapping[str, object] | None]
"""What differs of an attribute, by its path; None for one that is not supported."""

_USER: Differences = {
    "userName": {
        "description": "The name the user is found by: the user principal name. "
        "Unique in the tenant, compared without case."
    },
    "active": {"description": "Whether the user may sign in."},
    "groups": {
        "returned": "request",
        "description": "The groups the user is in; told when `attributes` asks for them.",
    },
    "ims.type": {
        # `other` of RFC 7643 §4.1.2 is not in the library.
        "canonicalValues": ["aim", "gtalk", "icq", "xmpp", "msn", "skype", "qq", "yahoo", "other"]
    },
    "password": None,
}
_ENTERPRISE_USER: Differences = {
    # Entra sends the id alone, and clears it by itself.
    "manager.value": {"required": False, "description": "The SCIM id of the manager."},
    "manager.$ref": {"required": False, "mutability": "readOnly"},
}
_GROUP: Differences = {
    "displayName": {
        "uniqueness": "server",
        "description": "The group's name. Unique in the tenant, compared without case.",
    },
    "members": {"description": "The group's members; each is a user of the same tenant."},
    "members.display": {
        "mutability": "readOnly",
        "returned": "request",
        "description": "The member's name; told when `attributes` asks for the members.",
    },
    "members.type": {"canonicalValues": ["User"]},
    "members.$ref": {"referenceTypes": ["User"]},
}
_SOURCES: tuple[tuple[type[Resource[Any]] | type[Extension], str, Differences], ...] = (
    (User, "A person's account in the product.", _USER),
    (EnterpriseUser, "What an organisation knows about the user.", _ENTERPRISE_USER),
    (Group, "A group of users.", _GROUP),
)


@cache
def published_schemas() -> Mapping[str, Json]:
    """Return all schemas by their URN."""
    schemas = {}
    for model, description, differences in _SOURCES:
        schema: Json = model.to_schema().model_dump()
        schema["description"] = description
        schema["attributes"] = _with_differences(schema["attributes"], differences)
        schemas[schema["id"]] = schema
    return MappingProxyType(schemas)


def _with_differences(
    attributes: list[Json], differences: Differences, parent: str = ""
) -> list[Json]:
    published = []
    for attribute in attributes:
        path = parent + attribute["name"]
        difference = differences.get(path, {})
        if difference is None:
            continue
        # The library's descriptions are docstrings, broken into lines.
        attribute["description"] = " ".join(attribute.get("description", "").split())
        if "subAttributes" in attribute:
            subs = attribute["subAttributes"]
            attribute["subAttributes"] = _with_differences(subs, differences, f"{path}.")
        published.append({**attribute, **difference})
    return published
