"""Every request that Entra's provisioning engine makes, as plain values.

Query strings are spelt exactly as Entra spells them, order of parameters included.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus

FOUND = frozenset({200})
CREATED = frozenset({201})
CHANGED = frozenset({200, 204})
GONE = frozenset({204, 404})


@dataclass(frozen=True, slots=True)
class ScimRequest:
    """One request: what it is for, what is sent, and which statuses mean that it worked."""

    operation: str
    method: str
    path: str
    query: str = ""
    body: dict[str, Any] | None = None
    expect: frozenset[int] = FOUND


def probe_users(matching: str, guid: str) -> ScimRequest:
    """Test Connection: a query by the matching attribute for something that cannot exist."""
    return ScimRequest("test connection", "GET", "/Users", _filter(f'{matching} eq "{guid}"'))


def probe_groups(guid: str) -> ScimRequest:
    """Test Connection's query for groups."""
    query = "excludedAttributes=members&" + _filter(f'displayName eq "{guid}"')
    return ScimRequest("test connection", "GET", "/Groups", query)


def probe_any_user() -> ScimRequest:
    """Fetch some user, as the credential check does."""
    return ScimRequest("test connection", "GET", "/Users", "startIndex=1&count=1")


def match_user(user_name: str) -> ScimRequest:
    """Look for a user by the matching attribute before it is created or linked."""
    return ScimRequest("match user", "GET", "/Users", _filter(f'userName eq "{escape(user_name)}"'))


def get_user(user_id: str) -> ScimRequest:
    """Read a linked user before it is changed."""
    return ScimRequest("read user", "GET", f"/Users/{user_id}", expect=FOUND | {404})


def check_manager(user_id: str, manager_id: str) -> ScimRequest:
    """Ask whether a user already has this manager."""
    clauses = f'id eq "{user_id}" and manager eq "{manager_id}"'
    return ScimRequest("check manager", "GET", "/Users", _filter(clauses) + "&attributes=id")


def post_user(body: dict[str, Any]) -> ScimRequest:
    """Create a user."""
    return ScimRequest("create user", "POST", "/Users", body=body, expect=CREATED)


def patch_user(operation: str, user_id: str, body: dict[str, Any]) -> ScimRequest:
    """Change a user."""
    return ScimRequest(operation, "PATCH", f"/Users/{user_id}", body=body, expect=CHANGED)


def delete_user(user_id: str) -> ScimRequest:
    """Delete a user for good; one that is gone already counts as done."""
    return ScimRequest("delete user", "DELETE", f"/Users/{user_id}", expect=GONE)


def match_group(display_name: str) -> ScimRequest:
    """Look for a group by name, without its members."""
    query = "excludedAttributes=members&" + _filter(f'displayName eq "{escape(display_name)}"')
    return ScimRequest("match group", "GET", "/Groups", query)


def get_group(group_id: str) -> ScimRequest:
    """Read a linked group, without its members."""
    query = "excludedAttributes=members"
    return ScimRequest("read group", "GET", f"/Groups/{group_id}", query, expect=FOUND | {404})


def check_member(group_id: str, user_id: str) -> ScimRequest:
    """Ask whether a user is in a group, without loading the group."""
    clauses = f'id eq "{group_id}" and members eq "{user_id}"'
    return ScimRequest(
        "check member", "GET", "/Groups", "excludedAttributes=members&" + _filter(clauses)
    )


def post_group(body: dict[str, Any]) -> ScimRequest:
    """Create a group."""
    return ScimRequest("create group", "POST", "/Groups", body=body, expect=CREATED)


def patch_group(operation: str, group_id: str, body: dict[str, Any]) -> ScimRequest:
    """Rename a group or change its members."""
    return ScimRequest(operation, "PATCH", f"/Groups/{group_id}", body=body, expect=CHANGED)


def delete_group(group_id: str) -> ScimRequest:
    """Delete a group."""
    return ScimRequest("delete group", "DELETE", f"/Groups/{group_id}", expect=GONE)


def escape(text: str) -> str:
    """Escape a value for a quoted filter literal (JSON string rules, RFC 7644 §3.4.2.2)."""
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _filter(expression: str) -> str:
    return "filter=" + quote_plus(expression)
