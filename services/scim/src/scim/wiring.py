"""The composition root: puts adapters behind the use cases, for the service and its commands."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

import asyncpg
from starlette.routing import Mount

from chassis.cli import command_pool
from chassis.clock import Clock, SystemClock
from chassis.http import Application, RateLimit, create_app, limits_of
from chassis.loops import Loop, beat
from chassis.outbox import OutboxSignal
from chassis.projection import KnownTenants
from chassis.service import Mode, Parts, Service, on_the_bus
from chassis.settings import load_settings
from scim.api.dispatch import PREFIX, Dispatcher
from scim.api.groups import GroupResource
from scim.api.responses import edge_error_body
from scim.api.routes import scim_endpoints
from scim.api.users import UserResource
from scim.cli.app import scim_cli
from scim.cli.runtime import UseCases
from scim.events.incoming import subscriptions
from scim.events.outgoing import outgoing
from scim.settings import Settings
from scim.storage.directory import PostgresDirectory
from scim.storage.failures import as_scim_error
from scim.storage.groups import PostgresGroups
from scim.storage.log_entries import PostgresLogEntries
from scim.storage.pool import open_pool
from scim.storage.tokens import PostgresTokens
from scim.storage.users import PostgresUsers
from scim.usecases.authenticate import Authenticate
from scim.usecases.change_group import ChangeGroup
from scim.usecases.change_user import ChangeUser
from scim.usecases.create_group import CreateGroup
from scim.usecases.create_user import CreateUser
from scim.usecases.delete_group import DeleteGroup
from scim.usecases.delete_user import DeleteUser
from scim.usecases.follow_directory import FollowDirectory
from scim.usecases.ports import Groups, Users
from scim.usecases.provisioning_log import BackgroundWriter, ProvisioningLog, Retention
from scim.usecases.tokens import CreateToken, FindTenant, ListTokens, RevokeToken

NAME = "scim"
PACKAGE = "scim"
BURST_SECONDS = 2


@dataclass(frozen=True, slots=True)
class ScimSurface:
    """The SCIM HTTP surface, and what is written in the background of its requests."""

    app: Application
    background_writer: BackgroundWriter
    limit: RateLimit


@asynccontextmanager
async def build(settings: Settings, mode: Mode) -> AsyncIterator[Parts]:
    """Wire the service."""
    dsn, clock = settings.database_url, SystemClock()
    pool = await open_pool(dsn, size=settings.database_pool_size, warm=mode.serves)
    signal = OutboxSignal(dsn=dsn)
    surface = build_surface(settings, pool, signal, clock)
    retention = Retention(PostgresLogEntries(pool), clock, settings.provisioning_log_days, beat)
    try:
        yield on_the_bus(
            settings,
            mode,
            name=NAME,
            package=PACKAGE,
            pool=pool,
            signal=signal,
            subscriptions=subscriptions(
                lambda connection: FollowDirectory(PostgresDirectory(connection))
            ),
            app=surface.app,
            work_loops=[Loop("retention", retention.run, silence=300)],
            serve_loops=[Loop("background-writer", surface.background_writer.run)],
        )
    finally:
        await pool.close()


def build_surface(
    settings: Settings, pool: asyncpg.Pool, signal: OutboxSignal, clock: Clock
) -> ScimSurface:
    """Put the SCIM surface on PostgreSQL."""
    tokens = PostgresTokens(pool)
    provisioning_log = ProvisioningLog(PostgresLogEntries(pool))
    authenticate = Authenticate(tokens, _digest_key(settings), clock)
    rate = settings.tenant_requests_per_second
    users = PostgresUsers(pool, signal, outgoing)
    groups = PostgresGroups(pool, signal, outgoing)
    limit = RateLimit(rate, burst=rate * BURST_SECONDS)
    dispatcher = Dispatcher(
        endpoints=scim_endpoints(_user_resource(users, clock), _group_resource(groups, clock)),
        authenticate=authenticate,
        limit=limit,
        provisioning_log=provisioning_log,
        clock=clock,
        public_url=settings.public_url,
        translate=as_scim_error,
    )
    app = create_app("Portico SCIM", limits=limits_of(settings), error_body=edge_error_body)
    app.router.routes.insert(0, Mount(PREFIX.rstrip("/"), app=dispatcher, name="scim"))
    return ScimSurface(app, BackgroundWriter(provisioning_log, authenticate, tokens, beat), limit)


def _user_resource(users: Users, clock: Clock) -> UserResource:
    return UserResource(
        users, CreateUser(users, clock), ChangeUser(users, clock), DeleteUser(users, clock)
    )


def _group_resource(groups: Groups, clock: Clock) -> GroupResource:
    return GroupResource(
        groups, CreateGroup(groups, clock), ChangeGroup(groups, clock), DeleteGroup(groups, clock)
    )


@asynccontextmanager
async def open_use_cases() -> AsyncIterator[UseCases]:
    """Connect to the service's storage for one command."""
    settings, clock = load_settings(Settings), SystemClock()
    async with command_pool(
        settings, service=NAME, package=PACKAGE, open_pool=lambda dsn: open_pool(dsn, size=1)
    ) as pool:
        tokens = PostgresTokens(pool)
        yield UseCases(
            find_tenant=FindTenant(KnownTenants(pool)),
            create_token=CreateToken(tokens, _digest_key(settings), clock),
            list_tokens=ListTokens(tokens),
            revoke_token=RevokeToken(tokens, clock),
            entries=PostgresLogEntries(pool),
            clock=clock,
            base_url=_base_urls(settings.public_url),
        )


def _base_urls(public_url: str) -> Callable[[UUID], str]:
    return lambda tenant_id: f"{public_url}{PREFIX}{tenant_id}"


def _digest_key(settings: Settings) -> bytes:
    return settings.token_digest_key.get_secret_value().encode()


SERVICE = Service(
    name=NAME, package=PACKAGE, settings=Settings, build=build, cli=scim_cli(open_use_cases)
)
