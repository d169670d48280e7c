"""Entra's default attribute map: which source attribute flows to which SCIM path.

A null source value does not flow: Entra sends no null for it, and does not clear the target.
"""

import re
from collections.abc import Mapping
from typing import Any

from entra_sandbox.source import Entra, SourceGroup, SourceUser

CORE_USER = "urn:ietf:params:scim:schemas:core:2.0:User"
CORE_GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
MISTYPED_ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0User"
FOREIGN_GROUP = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"

_FILTERED = re.compile(r'^(\w+)\[type eq "(\w+)"\]\.(\w+)$')

Value = str | bool


def user_attributes(entra: Entra, user: SourceUser, *, external_id: str) -> dict[str, Value]:
    """Return the target attributes of a user by their SCIM path, in the map's order."""
    wanted: dict[str, Value | None] = {
        "userName": user.upn,
        "active": entra.is_active(user),
        "externalId": external_id,
        "displayName": user.display_name,
        "title": user.job_title,
        'emails[type eq "work"].value': user.mail,
        "preferredLanguage": user.language,
        "name.givenName": user.given_name,
        "name.familyName": user.surname,
        "name.formatted": f"{user.given_name} {user.surname}",
        'addresses[type eq "work"].streetAddress': user.street,
        'addresses[type eq "work"].locality': user.city,
        'addresses[type eq "work"].postalCode': user.postal_code,
        'addresses[type eq "work"].country': user.country,
        'phoneNumbers[type eq "work"].value': user.phone,
        'phoneNumbers[type eq "mobile"].value': user.mobile,
        f"{ENTERPRISE}:employeeNumber": user.employee_id,
        f"{ENTERPRISE}:department": user.department,
    }
    return {path: value for path, value in wanted.items() if value is not None}


def group_attributes(group: SourceGroup) -> dict[str, Value]:
    """Return the target attributes of a group by their SCIM path."""
    return {"displayName": group.display_name, "externalId": group.object_id}


def is_filtered(path: str) -> bool:
    """Tell whether the path picks one entry of a multi-valued attribute."""
    return _FILTERED.match(path) is not None


def read(resource: Mapping[str, Any], path: str) -> Any:
    """Return what a SCIM resource holds at a path of the map, None when it holds nothing."""
    filtered = _FILTERED.match(path)
    if filtered:
        name, kind, sub = filtered.groups()
        entries = [entry for entry in resource.get(name) or [] if entry.get("type") == kind]
        return entries[0].get(sub) if entries else None
    if path.startswith(f"{ENTERPRISE}:"):
        return (resource.get(ENTERPRISE) or {}).get(path.removeprefix(f"{ENTERPRISE}:"))
    head, _, sub = path.partition(".")
    value = resource.get(head)
    return (value or {}).get(sub) if sub else value


def nest(attributes: Mapping[str, Value]) -> dict[str, Any]:
    """Build the SCIM document that a POST of these attributes carries."""
    document: dict[str, Any] = {}
    for path, value in attributes.items():
        filtered = _FILTERED.match(path)
        if filtered:
            _entry(document, filtered[1], filtered[2])[filtered[3]] = value
        elif path.startswith(f"{ENTERPRISE}:"):
            container = document.setdefault(ENTERPRISE, {})
            container[path.removeprefix(f"{ENTERPRISE}:")] = value
        elif "." in path:
            head, sub = path.split(".")
            document.setdefault(head, {})[sub] = value
        else:
            document[path] = value
    return document


def _entry(document: dict[str, Any], name: str, kind: str) -> dict[str, Any]:
    entries: list[dict[str, Any]] = document.setdefault(name, [])
    for entry in entries:
        if entry["type"] == kind:
            return entry
    primary = {"primary": True} if name == "emails" else {}
    entries.append({**primary, "type": kind})
    return entries[-1]
