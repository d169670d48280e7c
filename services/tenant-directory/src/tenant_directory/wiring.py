"""The composition root: puts adapters behind the use cases, for the service and its commands."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import asyncpg

from chassis.cli import command_pool
from chassis.clock import Clock, SystemClock
from chassis.database import create_pool
from chassis.http import create_app, limits_of
from chassis.inbox import Subscription
from chassis.outbox import OutboxSignal
from chassis.service import Mode, Parts, Service, on_the_bus, retention
from chassis.settings import load_settings
from tenant_directory.cli.app import directory_cli
from tenant_directory.events.incoming import subscriptions
from tenant_directory.events.outgoing import outgoing
from tenant_directory.settings import Settings
from tenant_directory.storage.audit_log import PostgresAuditLogMonths
from tenant_directory.storage.prepared import PREPARED_QUERIES
from tenant_directory.storage.unit_of_work import PostgresUnitsOfWork
from tenant_directory.usecases.audit import ExportAuditRecords, ListAuditRecords
from tenant_directory.usecases.domain_events import RecordDomainChange
from tenant_directory.usecases.groups import GetGroup, ListGroups, ListMembers
from tenant_directory.usecases.ports import EventUnitOfWorkFactory, Touched, UnitOfWorkFactory
from tenant_directory.usecases.scim_groups import (
    ApplyScimGroup,
    ChangeScimMembers,
    DeleteScimGroup,
)
from tenant_directory.usecases.scim_users import ApplyScimUser, DeleteScimUser
from tenant_directory.usecases.tenants import (
    CreateTenant,
    GetTenant,
    ListTenants,
    SetDefaultRole,
    SetInvitations,
    SetPackage,
    SetTenantStatus,
)
from tenant_directory.usecases.use_cases import EventUseCases, UseCases
from tenant_directory.usecases.users import (
    CreateUser,
    GetUser,
    ListUsers,
    SetRole,
    SetUserStatus,
)

NAME = "tenant-directory"
PACKAGE = "tenant_directory"
GATHER_SECONDS = 0.06
"""Every state wakes the consumers of all services, so that it waits a little longer for company;
still far less than the 300 ms within which a deactivation takes effect everywhere."""


@asynccontextmanager
async def build(settings: Settings, mode: Mode) -> AsyncIterator[Parts]:
    """Wire the service: until its admin API comes, HTTP answers for health and metrics only."""
    dsn, clock = settings.database_url, SystemClock()
    size = mode.pool_size(settings)
    pool = await create_pool(dsn, size=size, warm=PREPARED_QUERIES)
    months = PostgresAuditLogMonths(pool)
    try:
        yield on_the_bus(
            settings,
            mode,
            name=NAME,
            package=PACKAGE,
            pool=pool,
            signal=OutboxSignal(GATHER_SECONDS),
            subscriptions=event_subscriptions(clock),
            app=create_app("Portico tenant directory", limits=limits_of(settings)),
            work_loops=[retention("audit-log", lambda: months.keep(settings.audit_log_days))],
        )
    finally:
        await pool.close()


def event_subscriptions(clock: Clock) -> Sequence[Subscription]:
    """Return what the directory takes from the bus, applied in the consumer's transaction."""
    units_of_work = PostgresUnitsOfWork(clock, outgoing)

    @asynccontextmanager
    async def batch_use_cases_in(
        connection: asyncpg.Connection, touched: Touched
    ) -> AsyncIterator[EventUseCases]:
        async with units_of_work.in_batch(connection, touched) as uow:
            yield event_use_cases_on(uow, clock)

    return subscriptions(lambda connection: event_use_cases(connection, clock), batch_use_cases_in)


def use_cases(pool: asyncpg.Pool, signal: OutboxSignal, clock: Clock) -> UseCases:
    """Put the use cases on PostgreSQL."""
    units_of_work = PostgresUnitsOfWork(clock, outgoing)
    return use_cases_on(units_of_work.on_pool(pool, committed=signal.notify), clock)


def use_cases_on(uow: UnitOfWorkFactory, clock: Clock) -> UseCases:
    """Put the use cases on units of work."""
    return UseCases(
        create_tenant=CreateTenant(uow, clock),
        get_tenant=GetTenant(uow),
        list_tenants=ListTenants(uow),
        set_default_role=SetDefaultRole(uow, clock),
        set_package=SetPackage(uow, clock),
        set_tenant_status=SetTenantStatus(uow, clock),
        set_invitations=SetInvitations(uow, clock),
        create_user=CreateUser(uow, clock),
        get_user=GetUser(uow),
        list_users=ListUsers(uow),
        set_role=SetRole(uow, clock),
        set_user_status=SetUserStatus(uow, clock),
        get_group=GetGroup(uow),
        list_groups=ListGroups(uow),
        list_members=ListMembers(uow),
        list_audit_records=ListAuditRecords(uow),
        export_audit_records=ExportAuditRecords(uow),
    )


def event_use_cases(connection: asyncpg.Connection, clock: Clock) -> EventUseCases:
    """Put what events change inside the connection's transaction, which the consumer commits."""
    units_of_work = PostgresUnitsOfWork(clock, outgoing)
    return event_use_cases_on(units_of_work.in_transaction(connection), clock)


def event_use_cases_on(uow: EventUnitOfWorkFactory, clock: Clock) -> EventUseCases:
    """Put what events change on units of work."""
    return EventUseCases(
        apply_scim_user=ApplyScimUser(uow, clock),
        delete_scim_user=DeleteScimUser(uow),
        apply_scim_group=ApplyScimGroup(uow, clock),
        delete_scim_group=DeleteScimGroup(uow),
        change_scim_members=ChangeScimMembers(uow),
        record_domain_change=RecordDomainChange(uow),
    )


@asynccontextmanager
async def open_use_cases() -> AsyncIterator[UseCases]:
    """Connect to the directory for one command."""
    settings = load_settings(Settings)
    signal = OutboxSignal()
    async with command_pool(settings, service=NAME, package=PACKAGE) as pool:
        yield use_cases(pool, signal, SystemClock())
        await signal.notify_others(settings.database_url)


SERVICE = Service(
    name=NAME,
    package=PACKAGE,
    settings=Settings,
    build=build,
    cli=directory_cli(open_use_cases),
)
