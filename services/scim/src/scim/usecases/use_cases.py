"""All use cases, put together: what callers get instead of ports."""

from dataclasses import dataclass

from scim.usecases.authenticate import Authenticate
from scim.usecases.directory_users import ForgetDirectoryUser, KeepDirectoryUser
from scim.usecases.groups import (
    ChangeGroup,
    CreateGroup,
    DeleteGroup,
    FindGroups,
    GetGroup,
    PageMembers,
)
from scim.usecases.memberships import FindGroupsOfUsers, NameMembers
from scim.usecases.provisioning_log import ReadProvisioningLog
from scim.usecases.tenant_settings import ReadStrictly
from scim.usecases.tenants import FindTenant
from scim.usecases.tokens import CreateToken, ListTokens, RevokeToken
from scim.usecases.users import ChangeUser, CreateUser, DeleteUser, FindUsers, GetUser


@dataclass(frozen=True, slots=True)
class UseCases:
    """What people and identity providers can do, each use case a transaction of its own."""

    authenticate: Authenticate
    create_user: CreateUser
    get_user: GetUser
    find_users: FindUsers
    change_user: ChangeUser
    delete_user: DeleteUser
    create_group: CreateGroup
    get_group: GetGroup
    page_members: PageMembers
    find_groups: FindGroups
    change_group: ChangeGroup
    delete_group: DeleteGroup
    find_groups_of_users: FindGroupsOfUsers
    name_members: NameMembers
    find_tenant: FindTenant
    create_token: CreateToken
    list_tokens: ListTokens
    revoke_token: RevokeToken
    read_strictly: ReadStrictly
    read_provisioning_log: ReadProvisioningLog


@dataclass(frozen=True, slots=True)
class EventUseCases:
    """What events from the bus change, inside the consumer's transaction."""

    keep_directory_user: KeepDirectoryUser
    forget_directory_user: ForgetDirectoryUser
