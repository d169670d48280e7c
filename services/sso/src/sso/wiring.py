"""The composition root: puts adapters behind the use cases, for the service and its commands."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import asyncpg
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from joserfc.jwk import RSAKey

from chassis.cli import command_pool
from chassis.clock import Clock, SystemClock
from chassis.database import DATABASE_FAILURES, create_pool
from chassis.http import Application, RateLimit, create_app, limits_of
from chassis.loops import Loop
from chassis.outbound import OutboundClient, Rules
from chassis.outbox import OutboxSignal
from chassis.projection import KnownTenants
from chassis.service import Mode, Parts, Service, on_the_bus, retention
from chassis.settings import load_settings
from sso.api.cookies import Cookies
from sso.api.cors import Cors
from sso.api.logout import LogoutEndpoints
from sso.api.openid import OpenIdEndpoints
from sso.api.routes import sign_on_routes
from sso.api.sign_on import SignOnEndpoints
from sso.cli.app import sso_cli
from sso.domain.keys import Purpose, StoredKey
from sso.events.incoming import subscriptions
from sso.events.outgoing import revoked
from sso.oidc.assertions import AssertionReader, checked_keys
from sso.oidc.hints import HintReader
from sso.oidc.keys import SigningKeys, decrypted, make_signing_key, open_signing_key
from sso.saml.keys import ProviderKey, make_provider_key, open_provider_key
from sso.saml.metadata import read_metadata
from sso.saml.request import authn_request_url
from sso.saml.response import read_response
from sso.sending import logout_notices
from sso.settings import Settings
from sso.storage.clients import PostgresClients
from sso.storage.codes import PostgresCodes
from sso.storage.connections import PostgresConnections
from sso.storage.consents import PostgresConsents
from sso.storage.endings import Endings
from sso.storage.families import PostgresFamilies
from sso.storage.keys import Keyring, PostgresKeys
from sso.storage.live_sessions import PostgresLiveSessions
from sso.storage.logins import PostgresLogins
from sso.storage.logout_notices import PostgresLogoutNotices
from sso.storage.people import PostgresDirectory, PostgresPeople
from sso.storage.prepared import PREPARED_QUERIES
from sso.storage.proofs import PostgresPushedRequests, PostgresUsedAssertions
from sso.storage.session_policies import PostgresSessionPolicies
from sso.storage.sessions import PostgresSessions
from sso.storage.sign_in_log import PostgresSignInLog
from sso.usecases.access import FindAccess
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
    SetDefaultClient,
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
from sso.usecases.issuing import IssueOwnToken, IssueTokens
from sso.usecases.keys import KeepKeys, ListKeys, RewrapKeys, RotateKeys
from sso.usecases.logins import (
    BeginLogin,
    BeginTest,
    ContinueLogin,
    ReceiveResponse,
)
from sso.usecases.logout import ReadLogoutRequest, SignOut
from sso.usecases.logout_notices import ListBacklogs
from sso.usecases.matching import FindUser
from sso.usecases.metadata import Fetch, RefreshMetadata, SetMetadata
from sso.usecases.pushing import PushRequest
from sso.usecases.refreshing import BeginFamily, Refresh
from sso.usecases.session_policies import GetSessionPolicy, SetSessionPolicy
from sso.usecases.sessions import FindPerson, ListSessions, RevokeSessions, SelectSessions
from sso.usecases.sign_in_log import ReadSignInLog
from sso.usecases.signed_in import GiveConsent, LetIn, ResumeSession
from sso.usecases.tenants import FindTenant
from sso.usecases.token_states import FindFamily, Introspect, Revoke
from sso.usecases.use_cases import EventUseCases, SignOnUseCases, UseCases
from sso.usecases.userinfo import TellUser

NAME = "sso"
PACKAGE = "sso"
ENDINGS = Endings(revoked)
LOGGED_REFUSALS_PER_SECOND = 1.0
LOGGED_REFUSALS_AT_ONCE = 100
"""Of one connection in one process: who posts garbage does not fill the database."""


@dataclass(frozen=True, slots=True)
class Keyrings:
    """The deployment's keys as a process has them in memory."""

    issuer: str
    tokens: Keyring[RSAKey]
    saml: Keyring[ProviderKey]

    @property
    def signing(self) -> SigningKeys:
        """What signs and reads tokens."""
        return SigningKeys(self.issuer, self.tokens)

    def private_keys(self) -> list[RSAPrivateKey]:
        """Return what decrypts assertions, the current one first."""
        return [each.private for each in self.saml()]

    def certificates(self) -> list[bytes]:
        """Return the certificates to encrypt to, the current one first."""
        return [each.certificate for each in self.saml.in_use()]


def make_key(
    settings: Settings, purpose: Purpose, now: datetime, active_from: datetime
) -> StoredKey:
    """Make a key for a purpose."""
    make = make_signing_key if purpose is Purpose.OPENID else make_provider_key
    return make(settings.cipher, now, active_from)


def use_cases(
    settings: Settings, pool: asyncpg.Pool, signal: OutboxSignal, clock: Clock
) -> UseCases:
    """Put what operators can do on PostgreSQL."""
    connections = PostgresConnections(pool, clock, ENDINGS, signal.notify)
    clients, tenants = PostgresClients(pool, ENDINGS, signal.notify), KnownTenants(pool)
    addresses = Addresses(settings.public_url)
    keys, people = PostgresKeys(pool), PostgresPeople(pool)
    sessions, log = PostgresLiveSessions(pool, ENDINGS, signal.notify), PostgresSignInLog(pool)
    find_tenant, find_person = FindTenant(tenants), FindPerson(people)
    policies = PostgresSessionPolicies(pool, settings.session_policy)
    return UseCases(
        addresses=addresses,
        clock=clock,
        find_tenant=find_tenant,
        create_connection=CreateConnection(connections, clock),
        list_connections=ListConnections(connections),
        get_connection=GetConnection(connections),
        set_metadata=SetMetadata(connections, fetch_from(settings), read_metadata, clock),
        test_connection=BeginTest(
            connections, PostgresLogins(pool, clock), addresses, authn_request_url, clock
        ),
        activate_connection=ActivateConnection(connections, tenants, clock),
        suspend_connection=SuspendConnection(connections),
        undo_activation=UndoActivation(connections, clock),
        set_default_client=SetDefaultClient(connections, clients),
        refresh_metadata=refresh_metadata(settings, connections, clock),
        create_client=CreateClient(clients, checked_keys, clock),
        list_clients=ListClients(clients),
        disable_client=DisableClient(clients, clock),
        rotate_secret=RotateSecret(clients, clock),
        list_keys=ListKeys(keys, clock),
        rotate_keys=RotateKeys(keys, partial(make_key, settings), clock),
        rewrap_keys=RewrapKeys(keys, settings.cipher.rotate),
        find_person=find_person,
        select_sessions=SelectSessions(
            find_tenant, find_person, GetConnection(connections), clients
        ),
        list_sessions=ListSessions(sessions, clock),
        revoke_sessions=RevokeSessions(sessions, clock),
        read_sign_in_log=ReadSignInLog(log),
        explain_user=ExplainUser(people, tenants, connections, sessions, log, clock),
        list_logout_backlogs=ListBacklogs(PostgresLogoutNotices(pool, clock)),
        get_session_policy=GetSessionPolicy(policies),
        set_session_policy=SetSessionPolicy(policies),
    )


def fetch_from(settings: Settings) -> Fetch:
    """Return what fetches metadata from where customers say that it is."""
    client = OutboundClient(Rules(loopback=settings.metadata_loopback))

    async def fetch(url: str) -> bytes:
        return (await client.get(url, accept="application/samlmetadata+xml, */*")).body

    return fetch


def refresh_metadata(
    settings: Settings, connections: PostgresConnections, clock: Clock
) -> RefreshMetadata:
    """Put fetching metadata again on PostgreSQL."""
    return RefreshMetadata(
        connections,
        connections,
        fetch_from(settings),
        read_metadata,
        clock,
        failures=DATABASE_FAILURES,
    )


def sign_on_use_cases(
    settings: Settings,
    pool: asyncpg.Pool,
    signal: OutboxSignal,
    keys: Keyrings,
    clock: Clock,
) -> SignOnUseCases:
    """Put what browsers, apps and identity providers can do on PostgreSQL."""
    connections = PostgresConnections(pool, clock, ENDINGS, signal.notify)
    people = PostgresPeople(pool)
    tenants, logins, sessions = (
        KnownTenants(pool),
        PostgresLogins(pool, clock),
        PostgresSessions(pool),
    )
    clients = PostgresClients(pool, ENDINGS, signal.notify)
    addresses = Addresses(settings.public_url)
    issuer, signing = settings.public_url, keys.signing
    issue = IssueTokens(people, tenants, signing, issuer)
    families = PostgresFamilies(pool)
    find_access = FindAccess(sessions, tenants)
    live = PostgresLiveSessions(pool, ENDINGS, signal.notify)
    read_hint = HintReader(issuer, keys.tokens)
    pushed, consents = PostgresPushedRequests(pool), PostgresConsents(pool)
    let_in = LetIn(sessions, consents)
    resume = ResumeSession(sessions, tenants, let_in, clock)
    read_request = ReadAuthorizationRequest(clients, read_hint, pushed, clock)
    refusals = RateLimit(LOGGED_REFUSALS_PER_SECOND, burst=LOGGED_REFUSALS_AT_ONCE)
    return SignOnUseCases(
        read_authorization_request=read_request,
        push_request=PushRequest(read_request, pushed, clock),
        begin_login=BeginLogin(
            connections, people, tenants, logins, addresses, authn_request_url, clock
        ),
        receive_response=ReceiveResponse(
            connections,
            logins,
            FindUser(people),
            partial(read_response, keys=keys.private_keys),
            addresses,
            clock,
            may_log=lambda connection_id: not refusals.take(connection_id),
        ),
        continue_login=ContinueLogin(
            logins,
            sessions,
            tenants,
            PostgresSessionPolicies(pool, settings.session_policy),
            let_in,
            clock,
        ),
        resume_session=resume,
        give_consent=GiveConsent(resume, sessions, consents, clock),
        get_connection=GetConnection(connections),
        authenticate_client=AuthenticateClient(
            clients,
            AssertionReader((issuer, f"{issuer}/oauth2/token")),
            PostgresUsedAssertions(pool),
            clock,
        ),
        redeem_code=RedeemCode(PostgresCodes(pool), live, issue, BeginFamily(families), clock),
        refresh=Refresh(families, live, issue, clock),
        tell_user=TellUser(find_access, people, signing, issuer, clock),
        issue_own_token=IssueOwnToken(signing, issuer, clock),
        introspect=Introspect(FindFamily(families), find_access, tenants, signing, issuer, clock),
        revoke=Revoke(FindFamily(families), families, signing, issuer, clock),
        read_logout_request=ReadLogoutRequest(clients, read_hint),
        sign_out=SignOut(sessions, live, clock),
    )


def event_use_cases(connection: asyncpg.Connection, clock: Clock) -> EventUseCases:
    """Put what events change inside the connection's transaction, which the consumer commits."""
    directory = PostgresDirectory(connection, ENDINGS)
    return EventUseCases(
        keep_user=KeepUser(directory, clock),
        forget_user=ForgetUser(directory, clock),
        keep_domain=KeepDomain(directory),
        forget_domain=ForgetDomain(directory),
        keep_tenant=KeepTenant(directory, clock),
        forget_tenant=ForgetTenant(directory, clock),
    )


def application(
    settings: Settings,
    pool: asyncpg.Pool,
    signal: OutboxSignal,
    keys: Keyrings,
    clock: Clock,
) -> Application:
    """Make the HTTP application."""
    addresses = Addresses(settings.public_url)
    bundle = sign_on_use_cases(settings, pool, signal, keys, clock)
    cookies = Cookies(secure=addresses.is_secure)
    app = create_app("Portico sign-on", limits=limits_of(settings))
    app.router.routes.extend(
        sign_on_routes(
            SignOnEndpoints(bundle, addresses, cookies, clock, keys.certificates),
            OpenIdEndpoints(bundle, keys.signing, settings.public_url),
            LogoutEndpoints(bundle, addresses, cookies),
            Cors(PostgresClients(pool, ENDINGS, signal.notify).has_origin),
        )
    )
    return app


async def open_keyrings(settings: Settings, pool: asyncpg.Pool, clock: Clock) -> Keyrings:
    """Return the deployment's keys; whoever asks first makes the first ones."""
    stored, cipher = PostgresKeys(pool), settings.cipher
    await KeepKeys(stored, partial(make_key, settings), clock)()
    rings = Keyrings(
        settings.public_url,
        Keyring(
            stored,
            Purpose.OPENID,
            lambda key: open_signing_key(key, decrypted(cipher, key)),
            clock,
        ),
        Keyring(
            stored,
            Purpose.SAML,
            lambda key: open_provider_key(key, decrypted(cipher, key)),
            clock,
        ),
    )
    await rings.tokens.refresh()
    await rings.saml.refresh()
    return rings


@asynccontextmanager
async def build(settings: Settings, mode: Mode) -> AsyncIterator[Parts]:
    """Wire the service."""
    dsn, clock, signal = settings.database_url, SystemClock(), OutboxSignal()
    size = mode.pool_size(settings)
    pool = await create_pool(dsn, size=size, warm=PREPARED_QUERIES)
    logins = PostgresLogins(pool, clock)
    connections = PostgresConnections(pool, clock, ENDINGS, signal.notify)
    try:
        keys = await open_keyrings(settings, pool, clock)
        yield on_the_bus(
            settings,
            mode,
            name=NAME,
            package=PACKAGE,
            pool=pool,
            signal=signal,
            subscriptions=subscriptions(lambda connection: event_use_cases(connection, clock)),
            app=application(settings, pool, signal, keys, clock),
            work_loops=[
                retention("logins", logins.prune),
                retention("logout-notices", PostgresLogoutNotices(pool, clock).prune),
                Loop("logout-notices", logout_notices(settings, pool, keys.signing, clock).run),
                # Signing logout tokens needs the current key, too.
                *(() if mode.serves else (Loop("keys-openid", keys.tokens.run),)),
                retention("sign-in-log", lambda: logins.prune_log(settings.sign_in_log_days)),
                retention("keys", KeepKeys(PostgresKeys(pool), partial(make_key, settings), clock)),
                Loop("metadata", refresh_metadata(settings, connections, clock).run),
            ],
            serve_loops=[
                Loop("keys-openid", keys.tokens.run),
                Loop("keys-saml", keys.saml.run),
            ],
        )
    finally:
        await pool.close()


@asynccontextmanager
async def open_use_cases() -> AsyncIterator[UseCases]:
    """Connect for one command."""
    settings = load_settings(Settings)
    async with command_pool(settings, service=NAME, package=PACKAGE) as pool:
        signal = OutboxSignal()
        yield use_cases(settings, pool, signal, SystemClock())
        await signal.notify_others(settings.database_url)


SERVICE = Service(
    name=NAME, package=PACKAGE, settings=Settings, build=build, cli=sso_cli(open_use_cases)
)
