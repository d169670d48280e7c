"""Everything that the SCIM service can do, for HTTP and the command line alike."""

from dataclasses import dataclass

from scim.usecases.authenticate import Authenticate
from scim.usecases.groups import ChangeGroup, CreateGroup, DeleteGroup, FindGroups, GetGroup
from scim.usecases.provisioning_log import ReadProvisioningLog
from scim.usecases.tenant_settings import ReadStrictly
from scim.usecases.tokens import CreateToken, FindTenant, ListTokens, RevokeToken
from scim.usecases.users import ChangeUser, CreateUser, DeleteUser, FindUsers, GetUser


@dataclass(frozen=True, slots=True)
class UseCases:
    """One of each use case, on one database."""

    authenticate: Authenticate
    create_user: CreateUser
    get_user: GetUser
    find_users: FindUsers
    change_user: ChangeUser
    delete_user: DeleteUser
    create_group: CreateGroup
    get_group: GetGroup
    find_groups: FindGroups
    change_group: ChangeGroup
    delete_group: DeleteGroup
    find_tenant: FindTenant
    create_token: CreateToken
    list_tokens: ListTokens
    revoke_token: RevokeToken
    read_strictly: ReadStrictly
    read_provisioning_log: ReadProvisioningLog
