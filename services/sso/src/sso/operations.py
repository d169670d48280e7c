"""Puts together what operators can do by commands, on PostgreSQL."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import asyncpg

from chassis.cli import command_pool
from chassis.clock import Clock, SystemClock
from chassis.database import DATABASE_FAILURES
from chassis.outbound import OutboundClient, Rules
from chassis.outbox import OutboxSignal
from chassis.projection import KnownTenants
from chassis.settings import load_settings
from sso.events.outgoing import revoked
from sso.keyrings import make_key
from sso.oidc.assertions import checked_keys
from sso.saml.metadata import read_metadata
from sso.saml.request import AuthnRequests
from sso.settings import Settings
from sso.storage.clients import PostgresClients
from sso.storage.connections import PostgresConnections
from sso.storage.endings import Endings
from sso.storage.keys import PostgresKeys
from sso.storage.live_sessions import PostgresLiveSessions
from sso.storage.logins import PostgresLogins
from sso.storage.logout_notices import PostgresLogoutNotices
from sso.storage.people import PostgresPeople
from sso.storage.session_policies import PostgresSessionPolicies
from sso.storage.sign_in_log import PostgresSignInLog
from sso.usecases.addresses import Addresses
from sso.usecases.clients import CreateClient, DisableClient, ListClients, RotateSecret
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
from sso.usecases.explanation import ExplainUser
from sso.usecases.keys import ListKeys, RewrapKeys, RotateKeys
from sso.usecases.leaving import BeginTest
from sso.usecases.logout_notices import ListBacklogs
from sso.usecases.metadata import Fetch, RefreshMetadata, SetMetadata
from sso.usecases.session_policies import GetSessionPolicy, SetSessionPolicy
from sso.usecases.sessions import FindPerson, ListSessions, RevokeSessions, SelectSessions
from sso.usecases.sign_in_log import ReadSignInLog
from sso.usecases.tenants import FindTenant
from sso.usecases.use_cases import UseCases

NAME = "sso"
PACKAGE = "sso"
ENDINGS = Endings(revoked)


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
            connections, PostgresLogins(pool, clock), addresses, AuthnRequests(), clock
        ),
        activate_connection=ActivateConnection(connections, tenants, clock),
        suspend_connection=SuspendConnection(connections),
        undo_activation=UndoActivation(connections, clock),
        set_default_client=SetDefaultClient(connections, clients),
        set_options=SetOptions(connections),
        set_domains=SetDomains(connections, people),
        set_claims=SetClaims(connections),
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


@asynccontextmanager
async def open_use_cases() -> AsyncIterator[UseCases]:
    """Connect for one command."""
    settings = load_settings(Settings)
    async with command_pool(settings, service=NAME, package=PACKAGE) as pool:
        signal = OutboxSignal()
        yield use_cases(settings, pool, signal, SystemClock())
        await signal.notify_others(settings.database_url)
