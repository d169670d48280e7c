"""What leaves the SCIM service must fit through everything behind it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

import scim as scim_service
from chassis.ids import uuid7
from chassis.outbox import EventTooLarge, outbox_record
from contracts import directory, scim
from contracts.registry import EVENT_TYPES
from scim.domain.group import Group
from scim.domain.user import User
from scim.events.outgoing import MAX_DATA_BYTES, outgoing
from scim.usecases.changes import (
    Change,
    GroupCreated,
    GroupDeleted,
    GroupMembersChanged,
    GroupUpdated,
    UserCreated,
    UserDeleted,
    UserUpdated,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
TENANT, USER = uuid7(), uuid7()


def _size_of_event(title: int) -> int:
    document = {"userName": "ann@example.com", "title": "x" * title}
    record = outgoing(TENANT, UserCreated(User.from_document(document, id=USER)), NOW)
    return len(record.data or b"")


def test_the_largest_user_taken_fits_into_the_directorys_events() -> None:
    largest = MAX_DATA_BYTES - _size_of_event(0)
    assert _size_of_event(largest) == MAX_DATA_BYTES
    with pytest.raises(EventTooLarge):
        _size_of_event(largest + 1)
    stated = directory.DirectoryUser(
        user_id=USER,
        version=2**62,
        user_name="ann@example.com",
        status="inactive",
        origin="manual",
        role="tenant_admin",
        attributes={"title": "x" * largest},
    )
    data = directory.DirectoryUserRoleChanged(user=stated, previous_role="tenant_admin")
    kind = "directory.user.role_changed.v1"
    assert outbox_record(kind, tenant_id=TENANT, subject=str(USER), data=data, now=NOW).data


def test_an_ordinary_user_is_announced() -> None:
    record = outgoing(
        TENANT, UserCreated(User.from_document({"userName": "a@x.com"}, id=USER)), NOW
    )
    assert scim.ScimUserCreated.model_validate_json(record.data or b"").user.user_id == USER


FULL = {
    "userName": "ann@example.com",
    "externalId": "e-1",
    "displayName": 'Ann \N{SNOWMAN} "A"',
    "name": {"givenName": "Ann", "familyName": "A\u2028\n"},
    "emails": [{"type": "work", "value": "ann@example.com", "primary": True}],
    "active": False,
    "title": "x",
    "numbers": [0, -1, 2**53, 1.5, 1e16, True, None],
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": {"a": ["b"]}},
}


@pytest.mark.parametrize("document", [FULL, {"userName": "a@x.com"}])
@pytest.mark.parametrize(
    ("change", "model"),
    [(UserCreated, scim.ScimUserCreated), (UserUpdated, scim.ScimUserUpdated)],
)
def test_a_users_event_is_what_its_model_writes(
    change: type[UserCreated | UserUpdated],
    model: type[scim.ScimUserCreated | scim.ScimUserUpdated],
    document: dict[str, Any],
) -> None:
    user = User.from_document(document, id=USER)
    data = outgoing(TENANT, change(user), NOW).data or b""
    fields = {name: getattr(user, name) for name in scim.ScimUser.model_fields if name != "user_id"}
    written = model(user=scim.ScimUser(user_id=user.id, **fields)).model_dump_json()
    assert list(orjson.loads(data)["user"]) == list(scim.ScimUser.model_fields)
    assert orjson.loads(data) == orjson.loads(written)


@pytest.mark.parametrize("external_id", [None, "g-1"])
@pytest.mark.parametrize(
    ("change", "model"),
    [(GroupCreated, scim.ScimGroupCreated), (GroupUpdated, scim.ScimGroupUpdated)],
)
def test_a_groups_event_is_what_its_model_writes(
    change: type[GroupCreated | GroupUpdated],
    model: type[scim.ScimGroupCreated | scim.ScimGroupUpdated],
    external_id: str | None,
) -> None:
    group = Group(USER, 3, "Sales \N{SNOWMAN}", external_id)
    data = outgoing(TENANT, change(group), NOW).data or b""
    written = model(
        group=scim.ScimGroup(
            group_id=USER, version=3, display_name=group.display_name, external_id=external_id
        )
    ).model_dump_json()
    assert list(orjson.loads(data)["group"]) == list(scim.ScimGroup.model_fields)
    assert orjson.loads(data) == orjson.loads(written)


def named_event_types(text: str) -> list[str]:
    return [name for name in EVENT_TYPES if name in text]


def test_event_types_are_named_in_events_alone() -> None:
    package = Path(scim_service.__file__).parent
    named = {
        str(path.relative_to(package)): named_event_types(path.read_text())
        for path in (*package.rglob("*.py"), *package.rglob("*.sql"))
        if path.parent.name != "events"
    }
    assert {path: names for path, names in named.items() if names} == {}


def test_a_query_that_names_an_event_type_is_noticed() -> None:
    assert named_event_types("SELECT 'scim.user.deleted.v1'::text") == ["scim.user.deleted.v1"]


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (UserDeleted(USER), "scim.user.deleted.v1"),
        (GroupDeleted(USER), "scim.group.deleted.v1"),
        (GroupMembersChanged(USER), "scim.group.members_changed.v1"),
    ],
)
def test_what_storage_learns_has_no_data_yet(change: Change, kind: str) -> None:
    record = outgoing(TENANT, change, NOW)
    assert (record.type, record.topic, record.data) == (kind, "scim-events", None)
    assert record.subject == str(USER)
