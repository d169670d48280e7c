"""The registry of event types: which model a type carries and which topic it belongs to."""

from dataclasses import dataclass

from contracts import directory, domain, scim, sso
from contracts.base import Contract
from contracts.topics import (
    DIRECTORY_EVENTS,
    DIRECTORY_TENANTS,
    DIRECTORY_USERS,
    DOMAIN_EVENTS,
    SCIM_EVENTS,
    SSO_EVENTS,
    Topic,
)


@dataclass(frozen=True, slots=True)
class EventType:
    """An event type: its CloudEvents `type`, the model of its data, and its topic."""

    name: str
    model: type[Contract]
    topic: Topic


def _types(topic: Topic, models: dict[str, type[Contract]]) -> list[EventType]:
    return [EventType(name, model, topic) for name, model in models.items()]


EVENT_TYPES: dict[str, EventType] = {
    event_type.name: event_type
    for event_type in [
        *_types(
            SCIM_EVENTS,
            {
                "scim.user.created.v1": scim.ScimUserCreated,
                "scim.user.updated.v1": scim.ScimUserUpdated,
                "scim.user.deleted.v1": scim.ScimUserDeleted,
                "scim.group.created.v1": scim.ScimGroupCreated,
                "scim.group.updated.v1": scim.ScimGroupUpdated,
                "scim.group.deleted.v1": scim.ScimGroupDeleted,
                "scim.group.members_changed.v1": scim.ScimGroupMembersChanged,
            },
        ),
        *_types(
            DOMAIN_EVENTS,
            {
                "domain.claimed.v1": domain.DomainClaimed,
                "domain.verified.v1": domain.DomainVerified,
                "domain.grace.v1": domain.DomainGrace,
                "domain.lapsed.v1": domain.DomainLapsed,
                "domain.failed.v1": domain.DomainFailed,
                "domain.released.v1": domain.DomainReleased,
            },
        ),
        *_types(
            SSO_EVENTS,
            {
                "sso.connection.certificate_expiring.v1": sso.SsoConnectionCertificateExpiring,
                "sso.session.revoked.v1": sso.SsoSessionRevoked,
            },
        ),
        *_types(
            DIRECTORY_EVENTS,
            {
                "directory.tenant.created.v1": directory.DirectoryTenantCreated,
                "directory.tenant.updated.v1": directory.DirectoryTenantUpdated,
                "directory.user.created.v1": directory.DirectoryUserCreated,
                "directory.user.updated.v1": directory.DirectoryUserUpdated,
                "directory.user.deactivated.v1": directory.DirectoryUserDeactivated,
                "directory.user.reactivated.v1": directory.DirectoryUserReactivated,
                "directory.user.deleted.v1": directory.DirectoryUserDeleted,
                "directory.user.role_changed.v1": directory.DirectoryUserRoleChanged,
                "directory.group.created.v1": directory.DirectoryGroupCreated,
                "directory.group.updated.v1": directory.DirectoryGroupUpdated,
                "directory.group.deleted.v1": directory.DirectoryGroupDeleted,
                "directory.group.members_changed.v1": directory.DirectoryGroupMembersChanged,
            },
        ),
        *_types(DIRECTORY_TENANTS, {"directory.tenant.state.v1": directory.DirectoryTenant}),
        *_types(DIRECTORY_USERS, {"directory.user.state.v1": directory.DirectoryUser}),
    ]
}
