"""The composition root: puts adapters behind the use cases, for the service and its commands."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from chassis.cli import command_pool
from chassis.clock import SystemClock
from chassis.database import create_pool
from chassis.http import create_app, limits_of
from chassis.outbox import OutboxSignal
from chassis.service import Mode, Parts, Service, on_the_bus
from chassis.settings import load_settings
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
    dsn, clock = settings.database_url, SystemClock()
    pool = await create_pool(dsn, size=settings.database_pool_size, warm=CONSUMER_QUERIES)
    units_of_work = PostgresUnitsOfWork(clock, outgoing)
    try:
        yield on_the_bus(
            settings,
            mode,
            name=NAME,
            package=PACKAGE,
            pool=pool,
            signal=OutboxSignal(dsn=dsn),
            subscriptions=[
                scim_subscription(units_of_work.in_transaction, clock),
                domain_subscription(units_of_work.in_transaction),
            ],
            app=create_app("Portico tenant directory", limits=limits_of(settings)),
        )
    finally:
        await pool.close()


@asynccontextmanager
async def open_directory() -> AsyncIterator[Directory]:
    """Connect to the directory for one command."""
    settings = load_settings(Settings)
    signal = OutboxSignal(dsn=settings.database_url)
    async with command_pool(settings, service=NAME, package=PACKAGE) as pool:
        units_of_work = PostgresUnitsOfWork(SystemClock(), outgoing)
        yield Directory(units_of_work.on_pool(pool, committed=signal.notify), SystemClock())
        await signal.notify_others()


SERVICE = Service(
    name=NAME,
    package=PACKAGE,
    settings=Settings,
    build=build,
    cli=directory_cli(open_directory),
)
