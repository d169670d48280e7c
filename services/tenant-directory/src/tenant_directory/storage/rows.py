"""Rows to values and back: one plain function for each direction."""

from typing import Any

import asyncpg
import orjson

from tenant_directory.domain.group import Group
from tenant_directory.domain.tenant import Package, Role, Tenant, TenantStatus
from tenant_directory.domain.user import Origin, Profile, RoleGiver, User, UserStatus


def role_of(text: str | None) -> Role | None:
    """Return the role stored as `text`."""
    return None if text is None else Role(text)


def to_tenant(row: asyncpg.Record) -> Tenant:
    """Return the tenant of a row of `tenants`."""
    return Tenant(
        tenant_id=row["tenant_id"],
        name=row["name"],
        package=Package(row["package"]),
        status=TenantStatus(row["status"]),
        default_role=role_of(row["default_role"]),
        invitations_enabled=row["invitations_enabled"],
        version=row["version"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def to_user(row: asyncpg.Record) -> User:
    """Return the user of a row of `users`."""
    return User(
        tenant_id=row["tenant_id"],
        user_id=row["id"],
        user_name=row["user_name"],
        status=UserStatus(row["status"]),
        origin=Origin(row["origin"]),
        role=role_of(row["role"]),
        role_given_by=RoleGiver(row["role_given_by"]),
        soft_deleted=row["soft_deleted"],
        profile=Profile(
            external_id=row["external_id"],
            display_name=row["display_name"],
            given_name=row["given_name"],
            family_name=row["family_name"],
            email=row["email"],
            attributes=orjson.loads(row["attributes"]),
        ),
        version=row["version"],
        scim_version=row["scim_version"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def from_user(user: User) -> tuple[Any, ...]:
    """Return the arguments of `save_user` and `add_user`."""
    profile = user.profile
    return (
        user.tenant_id,
        user.user_id,
        user.user_name,
        user.name_key,
        user.status,
        user.origin,
        user.role,
        user.role_given_by,
        user.soft_deleted,
        profile.external_id,
        profile.display_name,
        profile.given_name,
        profile.family_name,
        profile.email,
        orjson.dumps(dict(profile.attributes)).decode(),
        user.version,
        user.scim_version,
        user.created_at,
        user.updated_at,
    )


def to_group(row: asyncpg.Record) -> Group:
    """Return the group of a row of `groups`."""
    return Group(
        tenant_id=row["tenant_id"],
        group_id=row["id"],
        display_name=row["display_name"],
        external_id=row["external_id"],
        version=row["version"],
        scim_version=row["scim_version"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def from_group(group: Group) -> tuple[Any, ...]:
    """Return the arguments of `save_group`."""
    return (
        group.tenant_id,
        group.group_id,
        group.display_name,
        group.external_id,
        group.version,
        group.scim_version,
        group.created_at,
        group.updated_at,
    )
