"""All use cases, put together: what callers get instead of ports."""

from dataclasses import dataclass

from tenant_directory.usecases.audit import ExportAuditRecords, ListAuditRecords
from tenant_directory.usecases.domain_events import RecordDomainChange
from tenant_directory.usecases.groups import GetGroup, ListGroups, ListMembers
from tenant_directory.usecases.scim_groups import (
    ApplyScimGroup,
    ChangeScimMembers,
    DeleteScimGroup,
)
from tenant_directory.usecases.scim_users import ApplyScimUser, DeleteScimUser
from tenant_directory.usecases.tenants import (
    CreateTenant,
    GetTenant,
    ListTenants,
    SetDefaultRole,
    SetInvitations,
    SetPackage,
    SetTenantStatus,
)
from tenant_directory.usecases.users import (
    CreateUser,
    GetUser,
    ListUsers,
    SetRole,
    SetUserStatus,
)


@dataclass(frozen=True, slots=True)
class UseCases:
    """What people can do, each use case a transaction of its own."""

    create_tenant: CreateTenant
    get_tenant: GetTenant
    list_tenants: ListTenants
    set_default_role: SetDefaultRole
    set_package: SetPackage
    set_tenant_status: SetTenantStatus
    set_invitations: SetInvitations
    create_user: CreateUser
    get_user: GetUser
    list_users: ListUsers
    set_role: SetRole
    set_user_status: SetUserStatus
    get_group: GetGroup
    list_groups: ListGroups
    list_members: ListMembers
    list_audit_records: ListAuditRecords
    export_audit_records: ExportAuditRecords


@dataclass(frozen=True, slots=True)
class EventUseCases:
    """What events from the bus change, inside the consumer's transaction."""

    apply_scim_user: ApplyScimUser
    delete_scim_user: DeleteScimUser
    apply_scim_group: ApplyScimGroup
    delete_scim_group: DeleteScimGroup
    change_scim_members: ChangeScimMembers
    record_domain_change: RecordDomainChange
