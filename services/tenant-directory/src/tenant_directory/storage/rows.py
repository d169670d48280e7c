"""Rows to domain objects, and domain objects to the parameters of queries."""

from typing import Any
from uuid import UUID

import asyncpg
import orjson

from kernel.tenant import Package, TenantStatus
from tenant_directory.domain.group import Group
from tenant_directory.domain.tenant import Role, Tenant
from tenant_directory.domain.user import Origin, Profile, RoleGiver, User, UserStatus


def to_tenant(row: asyncpg.Record) -> Tenant:
    """Return the tenant of a row of `tenants`."""
    return Tenant(
        tenant_id=row["tenant_id"],
        name=row["name"],
        package=Package(row["package"]),
        status=TenantStatus(row["status"]),
        default_role=_role(row["default_role"]),
        invitations_enabled=row["invitations_enabled"],
        version=row["version"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def to_joined_tenant(tenant_id: UUID, row: asyncpg.Record) -> Tenant:
    """Return the tenant of a row of `find_user` or `find_group`."""
    return Tenant(
        tenant_id=tenant_id,
        name=row["tenant_name"],
        package=Package(row["package"]),
        status=TenantStatus(row["tenant_status"]),
        default_role=_role(row["default_role"]),
        invitations_enabled=row["invitations_enabled"],
        version=row["tenant_version"],
        created_at=row["tenant_created_at"],
        updated_at=row["tenant_updated_at"],
    )


def tenant_values(tenant: Tenant) -> dict[str, Any]:
    """Return what `add_tenant` and `save_tenant` both write."""
    return {
        "tenant_id": tenant.tenant_id,
        "package": tenant.package,
        "status": tenant.status,
        "default_role": tenant.default_role,
        "invitations_enabled": tenant.invitations_enabled,
        "version": tenant.version,
        "updated_at": tenant.updated_at,
    }


def to_user(row: asyncpg.Record) -> User:
    """Return the user of a row of `users`."""
    return User(
        tenant_id=row["tenant_id"],
        user_id=row["id"],
        user_name=row["user_name"],
        status=UserStatus(row["status"]),
        origin=Origin(row["origin"]),
        role=_role(row["role"]),
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


def user_values(user: User) -> dict[str, Any]:
    """Return the parameters of `save_user` and `add_user`."""
    profile = user.profile
    return {
        "tenant_id": user.tenant_id,
        "user_id": user.user_id,
        "user_name": user.user_name,
        "name_key": user.name_key,
        "status": user.status,
        "origin": user.origin,
        "role": user.role,
        "role_given_by": user.role_given_by,
        "soft_deleted": user.soft_deleted,
        "external_id": profile.external_id,
        "display_name": profile.display_name,
        "given_name": profile.given_name,
        "family_name": profile.family_name,
        "email": profile.email,
        "attributes": orjson.dumps(dict(profile.attributes)).decode(),
        "version": user.version,
        "scim_version": user.scim_version,
        "created_at": user.created_at,
        "updated_at": user.updated_at,
    }


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


def group_values(group: Group) -> dict[str, Any]:
    """Return the parameters of `save_group`."""
    return {
        "tenant_id": group.tenant_id,
        "group_id": group.group_id,
        "display_name": group.display_name,
        "display_name_key": group.display_name_key,
        "external_id": group.external_id,
        "version": group.version,
        "scim_version": group.scim_version,
        "created_at": group.created_at,
        "updated_at": group.updated_at,
    }


def _role(text: str | None) -> Role | None:
    return None if text is None else Role(text)
