"""The audit log's entry for each change: what was done to whom, without personal attributes."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from tenant_directory.domain import changes
from tenant_directory.domain.tenant import Tenant
from tenant_directory.domain.user import User

SCIM_ACTOR = "scim"
"""Who the audit log names for what the identity provider did."""

DOMAIN_VERIFIER_ACTOR = "domain-verifier"
"""Who the audit log names for what became of domains; who asked for it is among the details."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One entry to be written to the audit log."""

    action: str
    subject: str
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """One entry as it is in the audit log."""

    id: int
    at: datetime
    actor: str
    action: str
    subject: str
    details: Mapping[str, Any]
    correlation_id: str | None


_TENANT_SETTINGS = ("package", "status", "default_role", "invitations_enabled")


def audit_entry(change: changes.Change) -> AuditEntry:
    """Return the audit log's entry for a change."""
    if isinstance(change, changes.TenantCreated | changes.TenantUpdated):
        return _tenant_entry(change)
    if isinstance(change, changes.GroupCreated | changes.GroupUpdated | changes.GroupDeleted):
        return _group_entry(change)
    if isinstance(change, changes.GroupMembersChanged):
        return AuditEntry(
            "group.members_changed",
            str(change.group_id),
            {"added": len(change.added), "removed": len(change.removed)},
        )
    if isinstance(change, changes.DomainChanged):
        claim = {"claim_id": str(change.claim_id)}
        return AuditEntry(change.action, change.domain, claim | dict(change.details))
    return _user_entry(change)


def _tenant_entry(change: changes.TenantCreated | changes.TenantUpdated) -> AuditEntry:
    subject = str(change.tenant.tenant_id)
    if isinstance(change, changes.TenantCreated):
        settings = {name: getattr(change.tenant, name) for name in _TENANT_SETTINGS}
        return AuditEntry("tenant.created", subject, {"name": change.tenant.name, **settings})
    return AuditEntry("tenant.updated", subject, _settings_changed(change.before, change.tenant))


def _settings_changed(before: Tenant, after: Tenant) -> dict[str, Any]:
    return {
        name: {"from": getattr(before, name), "to": getattr(after, name)}
        for name in _TENANT_SETTINGS
        if getattr(before, name) != getattr(after, name)
    }


def _group_entry(
    change: changes.GroupCreated | changes.GroupUpdated | changes.GroupDeleted,
) -> AuditEntry:
    action = {
        changes.GroupCreated: "group.created",
        changes.GroupUpdated: "group.updated",
        changes.GroupDeleted: "group.deleted",
    }[type(change)]
    group = change.group
    return AuditEntry(action, str(group.group_id), {"display_name": group.display_name})


def _user_entry(
    change: changes.UserCreated
    | changes.UserUpdated
    | changes.UserDeactivated
    | changes.UserReactivated
    | changes.UserRoleChanged
    | changes.UserAdopted
    | changes.UserDeleted,
) -> AuditEntry:
    subject = str(change.user.user_id)
    name: dict[str, Any] = {"user_name": change.user.user_name}
    match change:
        case changes.UserCreated(user):
            return AuditEntry("user.created", subject, name | _creation(user))
        case changes.UserUpdated(before, user):
            return AuditEntry("user.updated", subject, name | _update(before, user))
        case changes.UserRoleChanged(user, previous_role):
            roles = {"from": previous_role, "to": user.role}
            return AuditEntry("user.role_changed", subject, name | roles)
        case changes.UserAdopted(user, replaced):
            adoption = {"replaced": str(replaced.user_id), "role": user.role}
            return AuditEntry("user.adopted", subject, name | adoption)
        case changes.UserDeactivated():
            return AuditEntry("user.deactivated", subject, name)
        case changes.UserReactivated():
            return AuditEntry("user.reactivated", subject, name)
        case changes.UserDeleted():
            return AuditEntry("user.deleted", subject, name)


def _creation(user: User) -> dict[str, Any]:
    details: dict[str, Any] = {"origin": user.origin, "role": user.role, "status": user.status}
    if user.role is None:
        details["without_access"] = f"no role: decided by {user.role_given_by}"
    return details


def _update(before: User, after: User) -> dict[str, Any]:
    changed = [
        name
        for name in ("user_name", "origin", "soft_deleted")
        if getattr(before, name) != getattr(after, name)
    ]
    changed += [
        attribute.name
        for attribute in fields(after.profile)
        if getattr(before.profile, attribute.name) != getattr(after.profile, attribute.name)
    ]
    details: dict[str, Any] = {"changed": changed}
    if "user_name" in changed:
        details["previous_user_name"] = before.user_name
    return details
