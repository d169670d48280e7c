"""What leaves the SCIM service must fit through everything behind it."""

from datetime import UTC, datetime

import pytest

from chassis.ids import uuid7
from chassis.outbox import EventTooLarge, outbox_record
from contracts import directory, scim
from scim.domain.user import User
from scim.events.outgoing import MAX_DATA_BYTES, outgoing
from scim.usecases.changes import UserCreated

NOW = datetime(2026, 1, 1, tzinfo=UTC)
TENANT, USER = uuid7(), uuid7()


def _bytes_said(title: int) -> int:
    document = {"userName": "ann@example.com", "title": "x" * title}
    record = outgoing(TENANT, UserCreated(User.from_document(document, id=USER)), NOW)
    return len(record.data or b"")


def test_the_largest_user_taken_fits_into_the_directorys_events() -> None:
    largest = MAX_DATA_BYTES - _bytes_said(0)
    assert _bytes_said(largest) == MAX_DATA_BYTES
    with pytest.raises(EventTooLarge):
        _bytes_said(largest + 1)
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
    said = outgoing(TENANT, UserCreated(User.from_document({"userName": "a@x.com"}, id=USER)), NOW)
    assert scim.ScimUserCreated.model_validate_json(said.data or b"").user.user_id == USER
