"""What updates from the provider and changes by administrators make of a user."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chassis.ids import uuid7
from conformance.tenant_directory.harness import idp_user
from kernel.errors import ForbiddenError, InvalidError
from kernel.names import comparison_key
from kernel.tenant import Package
from tenant_directory.cli.facts import describe_access
from tenant_directory.domain.changes import (
    UserDeactivated,
    UserReactivated,
    UserRoleChanged,
    UserUpdated,
    user_changes,
)
from tenant_directory.domain.names import tenant_name, user_name
from tenant_directory.domain.tenant import Role, Tenant, parse_package, parse_role
from tenant_directory.domain.user import Origin, Profile, RoleGiver, User, UserStatus

NOW = datetime(2026, 11, 23, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
TENANT = Tenant.create(
    uuid7(), name="acme", package=Package.BUSINESS, default_role=Role.MEMBER, now=NOW
)


def provisioned(role: Role | None = Role.MEMBER, **fields: Any) -> User:
    idp = replace(idp_user("ada@acme.com"), **fields)
    return User.provisioned(TENANT.tenant_id, idp, default_role=role, now=NOW)


def manual() -> User:
    return User.manual(
        TENANT.tenant_id,
        uuid7(),
        name="ada@acme.com",
        role=Role.MEMBER,
        role_given_by=RoleGiver.DEFAULT,
        profile=Profile(email="ada@acme.com"),
        now=NOW,
    )


def test_one_update_may_be_two_changes_of_one_version() -> None:
    user = provisioned()
    after = user.updated_from_idp(
        idp_user("lovelace@acme.com", user_id=user.user_id, version=2, active=False), LATER
    )
    assert after.version == 2
    assert (after.created_at, after.updated_at) == (NOW, LATER)
    assert user_changes(user, after) == [UserUpdated(user, after), UserDeactivated(after)]


def test_a_soft_delete_keeps_name_and_address_and_updates_the_rest() -> None:
    user = provisioned()
    trash = idp_user(
        "0" * 32 + "ada@acme.com",
        user_id=user.user_id,
        version=2,
        active=True,
        soft_deleted=True,
        display_name="Ada",
    )
    after = user.updated_from_idp(trash, LATER)
    assert (after.user_name, after.profile.email) == ("ada@acme.com", "ada@acme.com")
    assert (after.status, after.profile.display_name) == (UserStatus.INACTIVE, "Ada")
    assert trash.name_key is None


def test_a_user_provisioned_soft_deleted_is_inactive() -> None:
    assert provisioned(soft_deleted=True).status is UserStatus.INACTIVE


def test_adoption_changes_the_origin_and_not_the_role() -> None:
    user = manual()
    after = user.updated_from_idp(idp_user("ada@acme.com", user_id=user.user_id), LATER)
    assert (after.origin, after.role, after.role_given_by) == (
        Origin.SCIM,
        user.role,
        user.role_given_by,
    )
    assert user_changes(user, after) == [UserUpdated(user, after)]


def test_administrators_change_roles_and_the_status_of_manual_users() -> None:
    admin = provisioned().with_role(Role.TENANT_ADMIN, LATER)
    assert admin.role_given_by is RoleGiver.ADMIN
    assert admin.with_role(Role.TENANT_ADMIN, LATER) is admin
    assert user_changes(provisioned(), admin)[-1] == UserRoleChanged(admin, Role.MEMBER)

    inactive = manual().with_status(UserStatus.INACTIVE, LATER)
    active = inactive.with_status(UserStatus.ACTIVE, LATER)
    assert user_changes(inactive, active) == [UserReactivated(active)]
    assert active.version == 3


@pytest.mark.parametrize(
    ("status", "verb"), [(UserStatus.INACTIVE, "deactivate"), (UserStatus.ACTIVE, "reactivate")]
)
def test_status_of_a_provisioned_user_is_changed_in_entra(status: UserStatus, verb: str) -> None:
    with pytest.raises(ForbiddenError, match=f"{verb} it in Entra"):
        provisioned().with_status(status, LATER)


def test_a_user_without_access_shows_why() -> None:
    assert describe_access(TENANT, provisioned()) == "yes"
    assert "no default tenant role was set" in describe_access(TENANT, provisioned(role=None))
    assert "administrator" in describe_access(TENANT, provisioned().with_role(None, NOW))
    assert "assign it again in Entra" in describe_access(TENANT, provisioned(active=False))
    assert "recycle bin" in describe_access(TENANT, provisioned(soft_deleted=True))
    by_hand = manual().with_status(UserStatus.INACTIVE, NOW)
    assert "user reactivate ada@acme.com --tenant acme" in describe_access(TENANT, by_hand)


def test_names_compare_without_case() -> None:
    assert tenant_name(" ACME-1 ") == "acme-1"
    assert comparison_key("Ada@ACME.com") == comparison_key("ada@acme.COM")
    assert comparison_key("ZOE\u0308@acme.com") == comparison_key("zo\u00eb@acme.com")
    assert user_name(" Ada@acme.com ") == "Ada@acme.com"
    for bad in ("ada", "ada@", "@acme.com", "a da@acme.com", "ada@a@b", f"{'a' * 65}@acme.com"):
        with pytest.raises(InvalidError, match="e-mail"):
            user_name(bad)


def test_roles_and_packages_are_parsed_or_refused_with_a_list() -> None:
    assert (parse_role(" Member "), parse_role("none")) == (Role.MEMBER, None)
    assert parse_package("SMB") is Package.SMB
    with pytest.raises(InvalidError, match="tenant_admin, member or none"):
        parse_role("admin")
    with pytest.raises(InvalidError, match="free, smb, professional, business"):
        parse_package("gold")
