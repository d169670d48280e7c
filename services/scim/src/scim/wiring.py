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
from chassis.service import Mode, Parts, Service, on_the_bus
from chassis.settings import load_settings
from scim.api.answers import edge_error_body
from scim.api.dispatch import PREFIX, Dispatcher
from scim.api.groups import GroupResource
from scim.api.routes import scim_operations
from scim.api.users import UserResource
from scim.cli.app import scim_cli
from scim.cli.runtime import Desk
from scim.events.incoming import subscriptions
from scim.events.outgoing import outgoing
from scim.settings import Settings
from scim.storage.entries import PostgresEntries
from scim.storage.failures import as_scim_error
from scim.storage.groups import PostgresGroups
from scim.storage.statements import open_pool
from scim.storage.tenants import PostgresDirectory, PostgresTenants
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
from scim.usecases.journal import Bookkeeping, Journal, Retention
from scim.usecases.ports import Groups, Users
from scim.usecases.tokens import CreateToken, FindTenant, ListTokens, RevokeToken

NAME = "scim"
PACKAGE = "scim"
BURST_SECONDS = 2


@dataclass(frozen=True, slots=True)
class Edge:
    """The HTTP surface and what is written beside its path."""

    app: Application
    bookkeeping: Bookkeeping
    limit: RateLimit


@asynccontextmanager
async def build(settings: Settings, mode: Mode) -> AsyncIterator[Parts]:
    """Wire the service."""
    dsn, clock = settings.database_url, SystemClock()
    pool = await open_pool(dsn, size=settings.database_pool_size, warm=mode.serves)
    signal = OutboxSignal(dsn=dsn)
    edge = build_edge(settings, pool, signal, clock)
    retention = Retention(PostgresEntries(pool), clock, settings.provisioning_log_days, beat)
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
            app=edge.app,
            work_loops=[Loop("retention", retention.run, silence=300)],
            serve_loops=[Loop("bookkeeping", edge.bookkeeping.run)],
        )
    finally:
        await pool.close()


def build_edge(settings: Settings, pool: asyncpg.Pool, signal: OutboxSignal, clock: Clock) -> Edge:
    """Put the SCIM surface on PostgreSQL."""
    tokens = PostgresTokens(pool)
    journal = Journal(PostgresEntries(pool))
    authenticate = Authenticate(tokens, _digest_key(settings), clock)
    rate = settings.tenant_requests_per_second
    users = PostgresUsers(pool, signal, outgoing)
    groups = PostgresGroups(pool, signal, outgoing)
    limit = RateLimit(rate, burst=rate * BURST_SECONDS)
    dispatcher = Dispatcher(
        operations=scim_operations(_user_resource(users, clock), _group_resource(groups, clock)),
        authenticate=authenticate,
        limit=limit,
        journal=journal,
        clock=clock,
        public_url=settings.public_url,
        translate=as_scim_error,
    )
    app = create_app("Portico SCIM", limits=limits_of(settings), error_body=edge_error_body)
    app.router.routes.insert(0, Mount(PREFIX.rstrip("/"), app=dispatcher, name="scim"))
    return Edge(app, Bookkeeping(journal, authenticate, tokens, beat), limit)


def _user_resource(users: Users, clock: Clock) -> UserResource:
    return UserResource(
        users, CreateUser(users, clock), ChangeUser(users, clock), DeleteUser(users, clock)
    )


def _group_resource(groups: Groups, clock: Clock) -> GroupResource:
    return GroupResource(
        groups, CreateGroup(groups, clock), ChangeGroup(groups, clock), DeleteGroup(groups, clock)
    )


@asynccontextmanager
async def open_desk() -> AsyncIterator[Desk]:
    """Connect to the service's storage for one command."""
    settings, clock = load_settings(Settings), SystemClock()
    async with command_pool(
        settings, service=NAME, package=PACKAGE, open_pool=lambda dsn: open_pool(dsn, size=1)
    ) as pool:
        tokens = PostgresTokens(pool)
        yield Desk(
            find_tenant=FindTenant(PostgresTenants(pool)),
            create_token=CreateToken(tokens, _digest_key(settings), clock),
            list_tokens=ListTokens(tokens),
            revoke_token=RevokeToken(tokens, clock),
            entries=PostgresEntries(pool),
            clock=clock,
            base_url=_base_urls(settings.public_url),
        )


def _base_urls(public_url: str) -> Callable[[UUID], str]:
    return lambda tenant_id: f"{public_url}{PREFIX}{tenant_id}"


def _digest_key(settings: Settings) -> bytes:
    return settings.token_digest_key.get_secret_value().encode()


SERVICE = Service(
    name=NAME, package=PACKAGE, settings=Settings, build=build, cli=scim_cli(open_desk)
)
