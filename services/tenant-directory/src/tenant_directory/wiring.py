"""The composition root: puts adapters behind the use cases, for the service and its commands."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from chassis.cli import command_pool
from chassis.clock import SystemClock
from chassis.database import create_pool
from chassis.http import create_app, limits_of
from chassis.inbox import Consumer
from chassis.loops import Loop
from chassis.outbox import OutboxSignal, Relay, outbox_poll
from chassis.service import Mode, Parts, Service, broker_checks, database_checks
from chassis.settings import load_settings
from contracts.topics import TOPICS
from tenant_directory.cli.app import directory_cli
from tenant_directory.cli.runtime import Directory
from tenant_directory.events.domain_event_handlers import domain_subscription
from tenant_directory.events.incoming import scim_subscription
from tenant_directory.events.outgoing import outgoing
from tenant_directory.settings import Settings
from tenant_directory.storage.unit_of_work import CONSUMER_QUERIES, PostgresUnitsOfWork

NAME = "tenant-directory"
PACKAGE = "tenant_directory"


@asynccontextmanager
async def build(settings: Settings, mode: Mode) -> AsyncIterator[Parts]:
    """Wire the service: until its admin API comes, HTTP answers for health and metrics only."""
    dsn, bootstrap = settings.database_url, settings.kafka_bootstrap_servers
    pool = await create_pool(dsn, size=settings.database_pool_size, warm=CONSUMER_QUERIES)
    try:
        checks = [
            *database_checks(pool, dsn, PACKAGE),
            *broker_checks(bootstrap, list(TOPICS), essential=mode.works),
        ]
        yield Parts(
            app=create_app("Portico tenant directory", limits=limits_of(settings), checks=checks),
            loops=_loops(settings, pool) if mode.works else (),
            checks=checks,
            polls=[outbox_poll(pool)] if mode.works else (),
        )
    finally:
        await pool.close()


def _loops(settings: Settings, pool: asyncpg.Pool) -> list[Loop]:
    clock = SystemClock()
    units_of_work = PostgresUnitsOfWork(clock, outgoing)
    signal = OutboxSignal(dsn=settings.database_url)
    relay = Relay(
        dsn=settings.database_url,
        bootstrap=settings.kafka_bootstrap_servers,
        source=f"/services/{NAME}",
        signal=signal,
    )
    consumer = Consumer(
        group=NAME,
        subscriptions=[
            scim_subscription(units_of_work.in_transaction, clock),
            domain_subscription(units_of_work.in_transaction),
        ],
        pool=pool,
        bootstrap=settings.kafka_bootstrap_servers,
        signal=signal,
    )
    return [
        Loop("relay", relay.run),
        Loop("outbox-signal", signal.run, silence=0),
        Loop("consumer", consumer.run),
    ]


@asynccontextmanager
async def open_directory() -> AsyncIterator[Directory]:
    """Connect to the directory for one command."""
    settings = load_settings(Settings)
    signal = OutboxSignal(dsn=settings.database_url)
    async with command_pool(settings, service=NAME, package=PACKAGE) as pool:
        units_of_work = PostgresUnitsOfWork(SystemClock(), outgoing)
        yield Directory(units_of_work.on_pool(pool, committed=signal.poke), SystemClock())
        await signal.pass_on()


SERVICE = Service(
    name=NAME,
    package=PACKAGE,
    settings=Settings,
    build=build,
    cli=directory_cli(open_directory),
)
