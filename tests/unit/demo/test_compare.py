"""The comparison finds every kind of difference, and nothing when there is none."""

import random
from typing import Any

import pytest

from demo.compare import Snapshot, compare, directory_snapshot, entra_snapshot
from entra_sandbox.attributes import ENTERPRISE, nest, user_attributes
from entra_sandbox.dialect import Dialect
from entra_sandbox.people import populate
from entra_sandbox.source import Entra

COLUMNS = {"userName", "active", "displayName", "name", "emails", "externalId"}


@pytest.fixture
def entra() -> Entra:
    tenant = populate(users=30, groups=3, seed=1, domain="contoso.example")
    for number, key in enumerate([*tenant.users, *tenant.groups]):
        tenant.links[key] = f"id-{number:03d}"
    for user in tenant.users.values():
        tenant.synced_managers[user.object_id] = tenant.links.get(user.manager or "")
    return tenant


def directory_of(entra: Entra) -> tuple[list[Any], list[Any]]:
    """What a faithful directory would print."""
    users = []
    for user in entra.users.values():
        key = entra.links[user.object_id]
        bin_prefix = user.object_id.replace("-", "") if user.soft_deleted else ""
        document = nest(user_attributes(entra, user, external_id=""))
        kept = {name: value for name, value in document.items() if name not in COLUMNS}
        manager = entra.synced_managers[user.object_id]
        if manager:
            kept.setdefault(ENTERPRISE, {})["manager"] = {"value": manager}
        users.append(
            {
                "id": key,
                "attributes": kept,
                "user_name": user.upn.removeprefix(bin_prefix),
                "status": "active" if entra.is_active(user) else "inactive",
                "display_name": user.display_name,
                "given_name": user.given_name,
                "family_name": user.surname,
                "email": user.mail,
                "external_id": user.mail_nickname,
            }
        )
    groups = [
        {
            "id": entra.links[group.object_id],
            "display_name": group.display_name,
            "members": [{"id": entra.links[member]} for member in group.members],
        }
        for group in entra.groups.values()
    ]
    return users, groups


def both(entra: Entra) -> tuple[Snapshot, Snapshot]:
    return entra_snapshot(entra, Dialect.VERBOSE), directory_snapshot(*directory_of(entra))


def test_equal_sides_have_no_difference(entra: Entra) -> None:
    entra.soft_delete(random.Random(1).choice(list(entra.users)))
    comparison = compare(*both(entra))
    assert comparison.equal, comparison.differences
    assert ("users", 30, 30, 0) in comparison.rows


@pytest.mark.parametrize(
    ("fact", "value"),
    [("user_name", "x@y"), ("status", "inactive"), ("display_name", None), ("email", "X")],
)
def test_a_wrong_column_is_found(entra: Entra, fact: str, value: Any) -> None:
    users, groups = directory_of(entra)
    users[0][fact] = value
    theirs = directory_snapshot(users, groups)
    [difference] = compare(entra_snapshot(entra, Dialect.VERBOSE), theirs).differences
    assert difference.startswith(f"{fact} of id-000")


def test_a_wrong_attribute_and_a_lost_manager_are_found(entra: Entra) -> None:
    users, groups = directory_of(entra)
    user = next(user for user in users if user["id"] == "id-001")
    user["attributes"][ENTERPRISE] = {"department": "nowhere"}
    theirs = directory_snapshot(users, groups)
    found = compare(entra_snapshot(entra, Dialect.VERBOSE), theirs).differences
    assert {difference.split(" of ")[0] for difference in found} >= {
        f"{ENTERPRISE}:department",
        f"{ENTERPRISE}:manager",
    }


def test_missing_and_extra_users_groups_and_members_are_found(entra: Entra) -> None:
    users, groups = directory_of(entra)
    gone = users.pop()["id"]
    groups[0]["display_name"] = "Renamed"
    groups[1]["members"].append({"id": "stranger"})
    theirs = directory_snapshot(users, groups)
    found = compare(entra_snapshot(entra, Dialect.VERBOSE), theirs).differences
    assert f"users: only Entra has {gone}" in found
    assert any(text.startswith("groups: only the directory has") for text in found)
    assert any(text.startswith("memberships: only the directory has") for text in found)
