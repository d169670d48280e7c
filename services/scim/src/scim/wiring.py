"""The composition root: puts adapters behind the use cases, for the service and its commands."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from uuid import UUID

import asyncpg

from chassis.cli import command_pool
from chassis.clock import Clock, SystemClock
from chassis.database import DATABASE_FAILURES
from chassis.http import Application, RateLimit, create_app, limits_of
from chassis.loops import Loop
from chassis.outbox import OutboxSignal
from chassis.projection import KnownTenants
from chassis.service import Mode, Parts, Service, on_the_bus, retention
from chassis.settings import load_settings
from scim.api.dispatch import PREFIX, Dispatcher
from scim.api.responses import edge_error_body
from scim.api.routes import scim_endpoints
from scim.cli.app import scim_cli
from scim.events.incoming import subscriptions
from scim.events.outgoing import outgoing
from scim.settings import Settings
from scim.storage.directory_users import PostgresDirectoryUsers
from scim.storage.failures import as_scim_error
from scim.storage.groups import PostgresGroups
from scim.storage.listing_counts import PostgresListingCounts
from scim.storage.log_entries import PostgresLogEntries
from scim.storage.memberships import PostgresMemberships
from scim.storage.pool import open_pool
from scim.storage.tenant_settings import PostgresTenantSettings
from scim.storage.tokens import PostgresTokens
from scim.storage.users import PostgresUsers
from scim.usecases.authenticate import REMEMBERED_GRANTS, Authenticate
from scim.usecases.directory_users import ForgetDirectoryUser, KeepDirectoryUser
from scim.usecases.groups import (
    ChangeGroup,
    CreateGroup,
    DeleteGroup,
    FindGroups,
    GetGroup,
    PageMembers,
)
from scim.usecases.listing_counts import EvenOutCounts
from scim.usecases.memberships import FindGroupsOfUsers, NameMembers
from scim.usecases.provisioning_log import (
    BackgroundWriter,
    ProvisioningLog,
    Pruning,
    ReadProvisioningLog,
)
from scim.usecases.recent_users import RecentUsers
from scim.usecases.tenant_settings import ReadStrictly
from scim.usecases.tenants import FindTenant
from scim.usecases.tokens import CreateToken, ListTokens, RevokeToken
from scim.usecases.turns import Turns
from scim.usecases.use_cases import EventUseCases, UseCases
from scim.usecases.users import ChangeUser, CreateUser, DeleteUser, FindUsers, GetUser

NAME = "scim"
PACKAGE = "scim"
GATHER_BYTES = 64_000
"""What comes back of our own users is passed over, and nobody waits for the rest: so many bytes, or
half a second's worth, are read at once."""


@dataclass(frozen=True, slots=True)
class ScimSurface:
    """The SCIM HTTP surface, and what is written in the background of its requests."""

    app: Application
    background_writer: BackgroundWriter
    limit: RateLimit
    byte_limit: RateLimit


@asynccontextmanager
async def build(settings: Settings, mode: Mode) -> AsyncIterator[Parts]:
    """Wire the service."""
    dsn, clock = settings.database_url, SystemClock()
    size = mode.pool_size(settings)
    pool = await open_pool(dsn, size=size, warm=mode.serves)
    signal = OutboxSignal()
    surface = build_surface(settings, pool, signal, clock)
    pruning = Pruning(PostgresLogEntries(pool), clock, settings.provisioning_log_days)
    counts = EvenOutCounts(PostgresListingCounts(pool), DATABASE_FAILURES)
    try:
        yield on_the_bus(
            settings,
            mode,
            name=NAME,
            package=PACKAGE,
            pool=pool,
            signal=signal,
            subscriptions=subscriptions(event_use_cases),
            app=surface.app,
            gather_bytes=GATHER_BYTES,
            work_loops=[
                retention("provisioning-log", pruning.prune),
                Loop("listing-counts", counts.run),
            ],
            serve_loops=[Loop("background-writer", surface.background_writer.run)],
        )
    finally:
        await pool.close()


def build_surface(
    settings: Settings, pool: asyncpg.Pool, signal: OutboxSignal, clock: Clock
) -> ScimSurface:
    """Put the SCIM surface on PostgreSQL."""
    bundle = use_cases(settings, pool, signal, clock)
    provisioning_log = ProvisioningLog(PostgresLogEntries(pool))
    rate = settings.tenant_requests_per_second
    limit = RateLimit(rate, burst=settings.tenant_burst_requests)
    byte_limit = RateLimit(settings.tenant_bytes_per_second, burst=settings.tenant_burst_bytes)
    dispatcher = Dispatcher(
        endpoints=scim_endpoints(bundle),
        authenticate=bundle.authenticate,
        limit=limit,
        byte_limit=byte_limit,
        provisioning_log=provisioning_log,
        clock=clock,
        base_url=_base_url(settings),
        translate=as_scim_error,
    )
    limits = replace(limits_of(settings), share=settings.tenant_concurrent_requests)
    app = create_app("Portico SCIM", limits=limits, error_body=edge_error_body)
    app.surface = dispatcher
    background_writer = BackgroundWriter(
        provisioning_log, bundle.authenticate, PostgresTokens(pool)
    )
    return ScimSurface(app, background_writer, limit, byte_limit)


def use_cases(
    settings: Settings, pool: asyncpg.Pool, signal: OutboxSignal, clock: Clock
) -> UseCases:
    """Put the use cases on PostgreSQL."""
    users = PostgresUsers(pool, signal, outgoing)
    groups, recent = PostgresGroups(pool, signal, outgoing), RecentUsers()
    # Of the connections three in four are never held by long work.
    turns = Turns(settings.database_pool_size // 4)
    tokens, digest_key = PostgresTokens(pool), settings.token_digest_key.get_secret_value().encode()
    return UseCases(
        authenticate=Authenticate(tokens, digest_key, clock),
        create_user=CreateUser(users, clock, settings.max_user_bytes, recent),
        get_user=GetUser(users, recent),
        find_users=FindUsers(users, recent),
        change_user=ChangeUser(users, clock, settings.max_user_bytes, recent),
        delete_user=DeleteUser(users, clock),
        create_group=CreateGroup(groups, clock, turns),
        get_group=GetGroup(groups),
        page_members=PageMembers(groups),
        find_groups=FindGroups(groups),
        change_group=ChangeGroup(groups, clock, turns),
        delete_group=DeleteGroup(groups, clock, turns),
        find_groups_of_users=FindGroupsOfUsers(PostgresMemberships(pool)),
        name_members=NameMembers(PostgresMemberships(pool)),
        find_tenant=FindTenant(KnownTenants(pool)),
        create_token=CreateToken(tokens, digest_key, clock, _base_url(settings)),
        list_tokens=ListTokens(tokens),
        revoke_token=RevokeToken(tokens, clock),
        read_strictly=ReadStrictly(PostgresTenantSettings(pool)),
        read_provisioning_log=ReadProvisioningLog(PostgresLogEntries(pool), clock),
    )


def event_use_cases(connection: asyncpg.Connection) -> EventUseCases:
    """Put what events change inside the connection's transaction, which the consumer commits."""
    users = PostgresDirectoryUsers(connection)
    return EventUseCases(
        keep_directory_user=KeepDirectoryUser(users),
        forget_directory_user=ForgetDirectoryUser(users),
    )


@asynccontextmanager
async def open_use_cases() -> AsyncIterator[UseCases]:
    """Connect to the service's storage for one command."""
    settings = load_settings(Settings)
    async with command_pool(
        settings, service=NAME, package=PACKAGE, open_pool=lambda dsn: open_pool(dsn, size=1)
    ) as pool:
        yield use_cases(settings, pool, OutboxSignal(), SystemClock())


def _base_url(settings: Settings) -> Callable[[UUID], str]:
    prefix = f"{settings.public_url}{PREFIX}"
    # Every request asks for it, and spelling an id out costs more than looking it up.
    return lru_cache(REMEMBERED_GRANTS)(lambda tenant_id: f"{prefix}{tenant_id}")


SERVICE = Service(
    name=NAME, package=PACKAGE, settings=Settings, build=build, cli=scim_cli(open_use_cases)
)
