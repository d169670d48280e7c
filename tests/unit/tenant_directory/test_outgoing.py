"""What is published of changes: an event for each, one state record for each subject."""

from datetime import UTC, datetime

from chassis.ids import uuid7
from conformance.tenant_directory.harness import idp_user
from tenant_directory.domain.audit import audit_entry
from tenant_directory.domain.changes import UserDeleted, user_changes
from tenant_directory.domain.tenant import Role
from tenant_directory.domain.user import User
from tenant_directory.events.outgoing import outgoing

NOW = datetime(2026, 11, 23, tzinfo=UTC)
USER = User.provisioned(uuid7(), idp_user(), default_role=Role.MEMBER, now=NOW)


def test_two_changes_of_one_user_make_two_events_and_one_state() -> None:
    idp = idp_user("new@acme.com", user_id=USER.user_id, version=2, active=False)
    after = USER.updated_from_idp(idp, NOW)
    records = outgoing(USER.tenant_id, user_changes(USER, after), NOW)
    assert [(record.topic, record.type, record.version) for record in records] == [
        ("directory-events", "directory.user.updated.v1", None),
        ("directory-events", "directory.user.deactivated.v1", None),
        ("directory-users", "directory.user.state.v1", 2),
    ]
    assert {record.subject for record in records} == {str(USER.user_id)}


def test_a_deletion_is_a_tombstone_with_the_next_version() -> None:
    event, state = outgoing(USER.tenant_id, [UserDeleted(USER)], NOW)
    assert event.type == "directory.user.deleted.v1"
    assert (state.type, state.data, state.version) == ("directory.user.state.v1", None, 2)


def test_the_audit_log_names_changed_attributes_and_never_their_values() -> None:
    idp = idp_user(
        "new@acme.com", user_id=USER.user_id, version=2, given_name="Ada", attributes={"x": "shh"}
    )
    [change] = user_changes(USER, USER.updated_from_idp(idp, NOW))
    entry = audit_entry(change)
    assert entry.action == "user.updated"
    assert set(entry.details["changed"]) == {"user_name", "given_name", "email", "attributes"}
    assert "shh" not in str(entry.details)
