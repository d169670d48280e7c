"""Names from before the limits of names: who has one can still be changed, disabled and deleted."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from chassis.ids import uuid7
from kernel.errors import InvalidError
from kernel.limits import MAX_NAME_BYTES
from tenant_directory.domain.group import Group, IdpGroup
from tenant_directory.domain.user import IdpUser, Profile, User, UserStatus

NOW = datetime(2026, 11, 25, tzinfo=UTC)
TENANT, ID = uuid7(), uuid7()
LONG = "x" * (MAX_NAME_BYTES + 50)


def idp_user(
    version: int, name: str, *, active: bool = True, soft_deleted: bool = False
) -> IdpUser:
    return IdpUser(ID, version, name, active, soft_deleted, Profile())


def user_of_before() -> User:
    user = User.provisioned(TENANT, idp_user(1, "ann@acme.test"), default_role=None, now=NOW)
    return replace(user, user_name=LONG)


def test_a_user_of_before_can_be_deactivated() -> None:
    after = user_of_before().updated_from_idp(idp_user(2, LONG, active=False), NOW)
    assert (after.user_name, after.status) == (LONG, UserStatus.INACTIVE)


def test_a_user_of_before_can_be_deleted_softly() -> None:
    renamed = f"{UUID(int=1).hex}{LONG}"
    after = user_of_before().updated_from_idp(idp_user(2, renamed, soft_deleted=True), NOW)
    assert (after.user_name, after.soft_deleted) == (LONG, True)


def test_no_user_gets_a_name_over_the_limit() -> None:
    with pytest.raises(InvalidError):
        User.provisioned(TENANT, idp_user(1, LONG), default_role=None, now=NOW)
    with pytest.raises(InvalidError):
        user_of_before().updated_from_idp(idp_user(2, LONG + "y"), NOW)


def test_a_group_of_before_keeps_its_name_and_gets_no_other_over_the_limit() -> None:
    group = Group.provisioned(TENANT, IdpGroup(ID, 1, "g", None), NOW)
    before = replace(group, display_name=LONG)
    assert before.updated_from_idp(IdpGroup(ID, 2, LONG, "x"), NOW).external_id == "x"
    with pytest.raises(InvalidError):
        before.updated_from_idp(IdpGroup(ID, 2, LONG + "y", None), NOW)
