"""What is shown of tenants, users, groups and audit records, by the names the bus uses too."""

from typing import Any

from tenant_directory.domain.audit import AuditRecord
from tenant_directory.domain.group import Group
from tenant_directory.domain.tenant import Tenant
from tenant_directory.domain.user import Origin, RoleGiver, User, UserStatus


def tenant_facts(tenant: Tenant) -> dict[str, Any]:
    """Return what is shown of a tenant."""
    return {
        "id": tenant.tenant_id,
        "name": tenant.name,
        "package": tenant.package,
        "status": tenant.status,
        "default_role": tenant.default_role,
        "invitations_enabled": tenant.invitations_enabled,
        "version": tenant.version,
        "created_at": tenant.created_at,
        "updated_at": tenant.updated_at,
    }


def user_facts(user: User) -> dict[str, Any]:
    """Return what lists show of a user."""
    return {
        "id": user.user_id,
        "user_name": user.user_name,
        "email": user.profile.email,
        "status": user.status,
        "role": user.role,
        "origin": user.origin,
        "external_id": user.profile.external_id,
        "display_name": user.profile.display_name,
        "given_name": user.profile.given_name,
        "family_name": user.profile.family_name,
        "attributes": dict(user.profile.attributes),
        "soft_deleted": user.soft_deleted,
        "version": user.version,
        "created_at": user.created_at,
        "updated_at": user.updated_at,
    }


def describe_access(tenant: Tenant, user: User) -> str:
    """Return whether the user has access, and if not, why and what to do."""
    if user.soft_deleted:
        return "no: it is in the identity provider's recycle bin; restore it in Entra"
    if user.status is UserStatus.INACTIVE and user.origin is Origin.SCIM:
        return "no: the identity provider deactivated it; enable or assign it again in Entra"
    if user.status is UserStatus.INACTIVE:
        command = f"user reactivate {user.user_name} --tenant {tenant.name}"
        return f"no: it was deactivated by hand; bring it back with `{command}`"
    if user.role is not None:
        return "yes"
    give = f"`user set-role {user.user_name} member --tenant {tenant.name}`"
    if user.role_given_by is RoleGiver.ADMIN:
        return f"no: an administrator gave it no role; give it one with {give}"
    return (
        "no: no default tenant role was set when it was provisioned; set one for future users "
        f"with `tenant set-default-role {tenant.name} member`, "
        f"or give this user a role with {give}"
    )


def group_facts(group: Group) -> dict[str, Any]:
    """Return what is shown of a group."""
    return {
        "id": group.group_id,
        "display_name": group.display_name,
        "external_id": group.external_id,
        "version": group.version,
        "created_at": group.created_at,
        "updated_at": group.updated_at,
    }


def audit_facts(record: AuditRecord) -> dict[str, Any]:
    """Return what is shown of an audit record."""
    return {
        "id": record.id,
        "at": record.at,
        "actor": record.actor,
        "action": record.action,
        "subject": record.subject,
        "details": dict(record.details),
        "correlation_id": record.correlation_id,
    }
