"""The bundles of use cases: what people and apps can do, and what events change."""

from dataclasses import dataclass

from chassis.clock import Clock
from sso.usecases.addresses import Addresses
from sso.usecases.authorization import ReadAuthorizationRequest
from sso.usecases.client_authentication import AuthenticateClient
from sso.usecases.clients import CreateClient, DisableClient, ListClients, RotateSecret
from sso.usecases.codes import RedeemCode
from sso.usecases.connections import (
    ActivateConnection,
    CreateConnection,
    GetConnection,
    ListConnections,
    SetClaims,
    SetDefaultClient,
    SetDomains,
    SetOptions,
    SuspendConnection,
    UndoActivation,
)
from sso.usecases.directory import (
    ForgetDomain,
    ForgetTenant,
    ForgetUser,
    KeepDomain,
    KeepTenant,
    KeepUser,
)
from sso.usecases.explanation import ExplainUser
from sso.usecases.issuing import IssueOwnToken
from sso.usecases.keys import ListKeys, RewrapKeys, RotateKeys
from sso.usecases.leaving import BeginLogin, BeginTest, LeaveForTest
from sso.usecases.logins import AskWhichAccount, ComeAgain, ContinueLogin
from sso.usecases.logout import ReadLogoutRequest, SignOut
from sso.usecases.logout_notices import ListBacklogs
from sso.usecases.metadata import RefreshMetadata, SetMetadata
from sso.usecases.pushing import PushRequest
from sso.usecases.refreshing import Refresh
from sso.usecases.responses import ReceiveResponse
from sso.usecases.session_policies import GetSessionPolicy, SetSessionPolicy
from sso.usecases.sessions import FindPerson, ListSessions, RevokeSessions, SelectSessions
from sso.usecases.sign_in_log import ReadSignInLog
from sso.usecases.signed_in import GiveConsent, ResumeSession
from sso.usecases.single_logout import LeaveProvider, ReceiveLogout
from sso.usecases.tenants import FindTenant
from sso.usecases.token_states import Introspect, Revoke
from sso.usecases.userinfo import TellUser
from sso.usecases.waiting import LookAgain


@dataclass(frozen=True, slots=True)
class UseCases:
    """What operators can do by commands."""

    addresses: Addresses
    clock: Clock
    find_tenant: FindTenant
    create_connection: CreateConnection
    list_connections: ListConnections
    get_connection: GetConnection
    set_metadata: SetMetadata
    test_connection: BeginTest
    activate_connection: ActivateConnection
    suspend_connection: SuspendConnection
    undo_activation: UndoActivation
    set_default_client: SetDefaultClient
    set_options: SetOptions
    set_domains: SetDomains
    set_claims: SetClaims
    refresh_metadata: RefreshMetadata
    create_client: CreateClient
    list_clients: ListClients
    disable_client: DisableClient
    rotate_secret: RotateSecret
    list_keys: ListKeys
    rotate_keys: RotateKeys
    rewrap_keys: RewrapKeys
    find_person: FindPerson
    select_sessions: SelectSessions
    list_sessions: ListSessions
    revoke_sessions: RevokeSessions
    read_sign_in_log: ReadSignInLog
    explain_user: ExplainUser
    list_logout_backlogs: ListBacklogs
    get_session_policy: GetSessionPolicy
    set_session_policy: SetSessionPolicy


@dataclass(frozen=True, slots=True)
class SignOnUseCases:
    """What browsers, apps and identity providers can do by HTTP."""

    read_authorization_request: ReadAuthorizationRequest
    push_request: PushRequest
    begin_login: BeginLogin
    leave_for_test: LeaveForTest
    receive_response: ReceiveResponse
    look_again: LookAgain
    ask_which_account: AskWhichAccount
    continue_login: ContinueLogin
    come_again: ComeAgain
    resume_session: ResumeSession
    give_consent: GiveConsent
    get_connection: GetConnection
    authenticate_client: AuthenticateClient
    redeem_code: RedeemCode
    refresh: Refresh
    issue_own_token: IssueOwnToken
    introspect: Introspect
    revoke: Revoke
    tell_user: TellUser
    read_logout_request: ReadLogoutRequest
    sign_out: SignOut
    receive_logout: ReceiveLogout
    leave_provider: LeaveProvider


@dataclass(frozen=True, slots=True)
class EventUseCases:
    """What events change."""

    keep_user: KeepUser
    forget_user: ForgetUser
    keep_domain: KeepDomain
    forget_domain: ForgetDomain
    keep_tenant: KeepTenant
    forget_tenant: ForgetTenant
