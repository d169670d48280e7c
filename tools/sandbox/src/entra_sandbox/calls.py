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
class Call:
    """One request: what it is for, what is sent, and which statuses mean that it worked."""

    operation: str
    method: str
    path: str
    query: str = ""
    body: dict[str, Any] | None = None
    expect: frozenset[int] = FOUND


def probe_users(matching: str, guid: str) -> Call:
    """Test Connection: a query by the matching attribute for something that cannot exist."""
    return Call("test connection", "GET", "/Users", _filter(f'{matching} eq "{guid}"'))


def probe_groups(guid: str) -> Call:
    """Test Connection's query for groups."""
    query = "excludedAttributes=members&" + _filter(f'displayName eq "{guid}"')
    return Call("test connection", "GET", "/Groups", query)


def probe_any_user() -> Call:
    """Fetch some user, as the credential check does."""
    return Call("test connection", "GET", "/Users", "startIndex=1&count=1")


def match_user(user_name: str) -> Call:
    """Look for a user by the matching attribute before it is created or linked."""
    return Call("match user", "GET", "/Users", _filter(f'userName eq "{escape(user_name)}"'))


def get_user(user_id: str) -> Call:
    """Read a linked user before it is changed."""
    return Call("read user", "GET", f"/Users/{user_id}", expect=FOUND | {404})


def check_manager(user_id: str, manager_id: str) -> Call:
    """Ask whether a user already has this manager."""
    clauses = f'id eq "{user_id}" and manager eq "{manager_id}"'
    return Call("check manager", "GET", "/Users", _filter(clauses) + "&attributes=id")


def post_user(body: dict[str, Any]) -> Call:
    """Create a user."""
    return Call("create user", "POST", "/Users", body=body, expect=CREATED)


def patch_user(operation: str, user_id: str, body: dict[str, Any]) -> Call:
    """Change a user."""
    return Call(operation, "PATCH", f"/Users/{user_id}", body=body, expect=CHANGED)


def delete_user(user_id: str) -> Call:
    """Delete a user for good; one that is gone already counts as done."""
    return Call("delete user", "DELETE", f"/Users/{user_id}", expect=GONE)


def match_group(display_name: str) -> Call:
    """Look for a group by name, without its members."""
    query = "excludedAttributes=members&" + _filter(f'displayName eq "{escape(display_name)}"')
    return Call("match group", "GET", "/Groups", query)


def get_group(group_id: str) -> Call:
    """Read a linked group, without its members."""
    query = "excludedAttributes=members"
    return Call("read group", "GET", f"/Groups/{group_id}", query, expect=FOUND | {404})


def check_member(group_id: str, user_id: str) -> Call:
    """Ask whether a user is in a group, without loading the group."""
    clauses = f'id eq "{group_id}" and members eq "{user_id}"'
    return Call("check member", "GET", "/Groups", "excludedAttributes=members&" + _filter(clauses))


def post_group(body: dict[str, Any]) -> Call:
    """Create a group."""
    return Call("create group", "POST", "/Groups", body=body, expect=CREATED)


def patch_group(operation: str, group_id: str, body: dict[str, Any]) -> Call:
    """Rename a group or change its members."""
    return Call(operation, "PATCH", f"/Groups/{group_id}", body=body, expect=CHANGED)


def delete_group(group_id: str) -> Call:
    """Delete a group."""
    return Call("delete group", "DELETE", f"/Groups/{group_id}", expect=GONE)


def escape(text: str) -> str:
    """Escape a value for a quoted filter literal (JSON string rules, RFC 7644 §3.4.2.2)."""
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _filter(expression: str) -> str:
    return "filter=" + quote_plus(expression)
