"""The composition root: puts adapters behind the use cases, for the service and its commands."""

import os
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import asyncpg
from prometheus_client import Counter

from chassis.cli import command_pool
from chassis.clock import Clock, SystemClock
from chassis.database import DATABASE_FAILURES, create_pool
from chassis.http import Application, Authoriser, create_app, limits_of, refuse_everybody
from chassis.ids import uuid7
from chassis.loops import Loop
from chassis.outbox import OutboxSignal
from chassis.projection import KnownTenants
from chassis.service import Mode, Parts, Service, on_the_bus, retention
from chassis.settings import load_settings
from domain_verifier.api.routes import domain_router
from domain_verifier.cli.app import verifier_cli
from domain_verifier.dns.prober import DnsProber
from domain_verifier.dns.resolver import Resolver
from domain_verifier.dns.validation import ValidationMonitor, validation_gauge
from domain_verifier.events.incoming import subscriptions
from domain_verifier.events.outgoing import outgoing
from domain_verifier.settings import Settings
from domain_verifier.storage.breakers import PostgresBreakers
from domain_verifier.storage.claims import PostgresClaims, PostgresLiveClaims
from domain_verifier.storage.gauges import ClaimGauges, claims_poll
from domain_verifier.storage.prepared import PREPARED_QUERIES
from domain_verifier.usecases.attention import ListAttention
from domain_verifier.usecases.breaker import AcceptAbsences, GetBreaker, ReviewBreaker
from domain_verifier.usecases.checks import CheckClaim, CompletedCheck, RunCheck
from domain_verifier.usecases.claims import (
    FindClaim,
    GetClaim,
    ListClaims,
    OverrideClaim,
    ReleaseClaim,
    ReleaseTenantClaims,
    StartClaim,
)
from domain_verifier.usecases.due_checks import CheckDueClaims
from domain_verifier.usecases.pruning import Pruning
from domain_verifier.usecases.tenants import FindTenant
from domain_verifier.usecases.use_cases import EventUseCases, UseCases

NAME = "domain-verifier"
PACKAGE = "domain_verifier"

CHECKS = Counter("domain_checks", "Checks of claims by what they found", ["outcome", "reason"])
GAUGES = ClaimGauges()
VALIDATES = validation_gauge()


def _count(completed: CompletedCheck) -> None:
    CHECKS.labels(completed.evidence.outcome.value, completed.evidence.reason.value).inc()


@dataclass(frozen=True, slots=True)
class Adapters:
    """The ports' adapters on one pool."""

    claims: PostgresClaims
    tenants: KnownTenants
    breakers: PostgresBreakers
    review: ReviewBreaker
    resolvers: list[Resolver]
    run_check: RunCheck
    clock: Clock


def make_adapters(
    settings: Settings, pool: asyncpg.Pool, signal: OutboxSignal, clock: Clock
) -> Adapters:
    """Put the adapters together."""
    claims = PostgresClaims(
        pool,
        outgoing=outgoing,
        committed=signal.notify,
        lease=timedelta(seconds=settings.lease_seconds),
    )
    resolvers = [
        Resolver(at, timeouts=settings.timeouts, trusted=settings.trusts(at))
        for at in settings.endpoints
    ]
    prober = DnsProber(resolvers, names=settings.names)
    tenants = KnownTenants(pool)
    breakers = PostgresBreakers(pool, clock=clock)
    review = ReviewBreaker(breakers, settings.policy, clock)
    run_check = RunCheck(
        claims,
        tenants,
        breakers,
        review,
        prober,
        settings.policy,
        clock,
        jitter=lambda: random.uniform(-1, 1),  # noqa: S311
        on_completed=_count,
    )
    return Adapters(claims, tenants, breakers, review, resolvers, run_check, clock)


def use_cases(
    settings: Settings, pool: asyncpg.Pool, signal: OutboxSignal, clock: Clock
) -> UseCases:
    """Put the use cases on PostgreSQL and DNS."""
    return use_cases_on(settings, make_adapters(settings, pool, signal, clock))


def use_cases_on(settings: Settings, adapters: Adapters) -> UseCases:
    """Put the use cases on adapters."""
    claims, clock = adapters.claims, adapters.clock
    return UseCases(
        start_claim=StartClaim(
            claims,
            settings.names,
            settings.policy,
            settings.quota,
            clock,
            new_id=uuid7,
            random_bytes=os.urandom,
        ),
        check_claim=CheckClaim(claims, adapters.tenants, adapters.run_check, settings.quota, clock),
        list_claims=ListClaims(claims),
        get_claim=GetClaim(claims),
        find_claim=FindClaim(claims),
        release_claim=ReleaseClaim(claims, clock),
        override_claim=OverrideClaim(claims, adapters.tenants, settings.policy, clock),
        find_tenant=FindTenant(adapters.tenants),
        list_attention=ListAttention(claims, settings.policy, clock),
        get_breaker=GetBreaker(adapters.breakers),
        accept_absences=AcceptAbsences(adapters.breakers, settings.policy, clock),
    )


def event_use_cases(connection: asyncpg.Connection, clock: Clock) -> EventUseCases:
    """Put what events change inside the connection's transaction, which the consumer commits."""
    claims = PostgresLiveClaims(connection, outgoing=outgoing)
    return EventUseCases(release_tenant_claims=ReleaseTenantClaims(claims, clock))


def application(
    settings: Settings, adapters: Adapters, *, authorise: Authoriser = refuse_everybody
) -> Application:
    """Make the HTTP application."""
    app = create_app("Portico domain verifier", limits=limits_of(settings))
    app.include_router(domain_router(use_cases_on(settings, adapters), authorise))
    return app


@asynccontextmanager
async def build(settings: Settings, mode: Mode) -> AsyncIterator[Parts]:
    """Wire the service."""
    dsn, clock = settings.database_url, SystemClock()
    size = mode.pool_size(settings)
    pool = await create_pool(dsn, size=size, warm=PREPARED_QUERIES)
    signal = OutboxSignal()
    adapters = make_adapters(settings, pool, signal, clock)
    try:
        yield on_the_bus(
            settings,
            mode,
            name=NAME,
            package=PACKAGE,
            pool=pool,
            signal=signal,
            subscriptions=subscriptions(lambda connection: event_use_cases(connection, clock)),
            app=application(settings, adapters),
            work_loops=_loops(settings, adapters),
            polls=[
                claims_poll(pool, clock=clock, policy=settings.policy, gauges=GAUGES),
                ValidationMonitor(adapters.resolvers, gauge=VALIDATES).poll(),
            ],
        )
    finally:
        await pool.close()


def _loops(settings: Settings, adapters: Adapters) -> list[Loop]:
    work = CheckDueClaims(
        adapters.claims,
        adapters.run_check,
        adapters.review,
        adapters.clock,
        DATABASE_FAILURES,
        concurrency=settings.check_concurrency,
    )
    pruning = Pruning(adapters.claims, adapters.clock, settings.check_history_days)
    return [Loop("checks", work.run), retention("checks", pruning.prune)]


@asynccontextmanager
async def open_use_cases() -> AsyncIterator[UseCases]:
    """Connect for one command."""
    settings = load_settings(Settings)
    signal = OutboxSignal()
    async with command_pool(settings, service=NAME, package=PACKAGE) as pool:
        yield use_cases(settings, pool, signal, SystemClock())
        await signal.notify_others(settings.database_url)


SERVICE = Service(
    name=NAME,
    package=PACKAGE,
    settings=Settings,
    build=build,
    cli=verifier_cli(open_use_cases),
)
