"""The composition root: puts adapters behind the use cases, for the service and its commands."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import asyncpg

from chassis.clock import Clock, SystemClock
from chassis.database import DATABASE_FAILURES, create_pool
from chassis.http import Application, RateLimit, create_app, limits_of
from chassis.loops import Loop
from chassis.outbox import OutboxSignal
from chassis.projection import KnownTenants
from chassis.service import Mode, Parts, Service, on_the_bus, retention
from sso.api.cookies import Cookies
from sso.api.cors import Cors
from sso.api.logout import LogoutEndpoints
from sso.api.openid import OpenIdEndpoints
from sso.api.routes import sign_on_routes
from sso.api.sign_on import SignOnEndpoints
from sso.api.single_logout import SingleLogoutEndpoints
from sso.cli.app import sso_cli
from sso.events.incoming import subscriptions
from sso.events.outgoing import expiring
from sso.keyrings import Keyrings, make_key, open_keyrings
from sso.oidc.assertions import AssertionReader
from sso.oidc.hints import HintReader
from sso.operations import ENDINGS, NAME, PACKAGE, open_use_cases, refresh_metadata
from sso.saml.logout import LogoutMessages
from sso.saml.request import AuthnRequests
from sso.saml.response import read_response
from sso.sending import logout_notices
from sso.settings import Settings
from sso.storage.certificates import PostgresCertificates
from sso.storage.clients import PostgresClients
from sso.storage.codes import PostgresCodes
from sso.storage.connections import PostgresConnections
from sso.storage.consents import PostgresConsents
from sso.storage.families import PostgresFamilies
from sso.storage.gauges import certificates_poll
from sso.storage.keys import PostgresKeys
from sso.storage.live_sessions import PostgresLiveSessions
from sso.storage.logins import PostgresLogins
from sso.storage.logout_notices import PostgresLogoutNotices
from sso.storage.partitions import PostgresPartitions
from sso.storage.people import PostgresDirectory, PostgresPeople
from sso.storage.prepared import PREPARED_QUERIES
from sso.storage.proofs import PostgresPushedRequests, PostgresUsedAssertions
from sso.storage.session_policies import PostgresSessionPolicies
from sso.storage.sessions import PostgresSessions
from sso.storage.single_logout import PostgresSingleLogouts
from sso.usecases.access import FindAccess
from sso.usecases.addresses import Addresses
from sso.usecases.authorization import ReadAuthorizationRequest
from sso.usecases.certificates import WarnOfCertificates
from sso.usecases.client_authentication import AuthenticateClient
from sso.usecases.codes import RedeemCode
from sso.usecases.connections import (
    GetConnection,
)
from sso.usecases.directory import (
    ForgetDomain,
    ForgetTenant,
    ForgetUser,
    KeepDomain,
    KeepTenant,
    KeepUser,
)
from sso.usecases.issuing import IssueOwnToken, IssueTokens
from sso.usecases.keys import KeepKeys
from sso.usecases.leaving import BeginLogin, LeaveForTest
from sso.usecases.logins import AskWhichAccount, ComeAgain, ContinueLogin
from sso.usecases.logout import ReadLogoutRequest, SignOut
from sso.usecases.matching import FindUser
from sso.usecases.pushing import PushRequest
from sso.usecases.refreshing import BeginFamily, Refresh
from sso.usecases.responses import Admit, ReceiveResponse
from sso.usecases.signed_in import GiveConsent, LetIn, ResumeSession
from sso.usecases.single_logout import LeaveProvider, ReceiveLogout
from sso.usecases.token_states import FindFamily, Introspect, Revoke
from sso.usecases.use_cases import EventUseCases, SignOnUseCases
from sso.usecases.userinfo import TellUser
from sso.usecases.waiting import LookAgain

LOGGED_REFUSALS_PER_SECOND = 1.0
LOGGED_REFUSALS_AT_ONCE = 100
"""Of one connection in one process: who posts garbage does not fill the database."""


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
    issue = IssueTokens(people, signing, issuer)
    families = PostgresFamilies(pool)
    admit = Admit(logins, FindUser(people))
    requests, messages = AuthnRequests(keys.signing_key), LogoutMessages(keys.signing_key)
    logouts = PostgresSingleLogouts(pool, clock, ENDINGS, signal.notify)
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
        begin_login=BeginLogin(connections, logins, addresses, requests, clock),
        leave_for_test=LeaveForTest(connections, logins, addresses, requests, clock),
        receive_response=ReceiveResponse(
            connections,
            logins,
            admit,
            partial(read_response, keys=keys.private_keys),
            addresses,
            clock,
            may_log=lambda connection_id: not refusals.take(connection_id),
        ),
        look_again=LookAgain(connections, logins, admit, clock),
        ask_which_account=AskWhichAccount(logins, clock),
        continue_login=ContinueLogin(
            logins,
            PostgresSessionPolicies(pool, settings.session_policy),
            let_in,
            clock,
        ),
        come_again=ComeAgain(logins, resume, clock),
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
        receive_logout=ReceiveLogout(connections, logouts, messages, addresses, clock),
        leave_provider=LeaveProvider(connections, logouts, messages, addresses, clock),
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
            SingleLogoutEndpoints(bundle, addresses),
            Cors(PostgresClients(pool, ENDINGS, signal.notify).has_origin),
        )
    )
    return app


@asynccontextmanager
async def build(settings: Settings, mode: Mode) -> AsyncIterator[Parts]:
    """Wire the service."""
    dsn, clock, signal = settings.database_url, SystemClock(), OutboxSignal()
    size = mode.pool_size(settings)
    pool = await create_pool(dsn, size=size, warm=PREPARED_QUERIES)
    logins, partitions = PostgresLogins(pool, clock), PostgresPartitions(pool)
    connections = PostgresConnections(pool, clock, ENDINGS, signal.notify)
    single_logouts = PostgresSingleLogouts(pool, clock, ENDINGS, signal.notify)
    certificates = WarnOfCertificates(
        PostgresCertificates(pool, expiring, signal.notify), clock, DATABASE_FAILURES
    )
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
                retention("partitions", lambda: partitions.keep(settings.sign_in_log_days)),
                retention("logins", logins.prune),
                retention("single-logouts", single_logouts.prune),
                retention("logout-notices", PostgresLogoutNotices(pool, clock).prune),
                Loop("logout-notices", logout_notices(settings, pool, keys.signing, clock).run),
                # Signing logout tokens needs the current key, too.
                *(() if mode.serves else (Loop("keys-openid", keys.tokens.run),)),
                retention("keys", KeepKeys(PostgresKeys(pool), partial(make_key, settings), clock)),
                Loop("certificates", certificates.run),
                Loop("metadata", refresh_metadata(settings, connections, clock).run),
            ],
            polls=[certificates_poll(pool)],
            serve_loops=[
                Loop("keys-openid", keys.tokens.run),
                Loop("keys-saml", keys.saml.run),
            ],
        )
    finally:
        await pool.close()


SERVICE = Service(
    name=NAME, package=PACKAGE, settings=Settings, build=build, cli=sso_cli(open_use_cases)
)
