"""The composition root: puts adapters behind the use cases, for the service and its commands."""

import os
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import asyncpg
from prometheus_client import Counter

from chassis.cli import command_pool
from chassis.clock import SystemClock
from chassis.database import create_pool
from chassis.http import Application, Authoriser, create_app, limits_of, refuse_everybody
from chassis.ids import uuid7
from chassis.loops import Loop
from chassis.outbox import OutboxSignal
from chassis.projection import KnownTenants
from chassis.service import Mode, Parts, Service, on_the_bus
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
from domain_verifier.storage.claims import PREPARED_QUERIES, PostgresClaims
from domain_verifier.storage.housekeeping import ClaimGauges, Pruning, claims_poll
from domain_verifier.usecases.attention import ListAttention
from domain_verifier.usecases.breaker import AcceptDenials, GetBreaker, ReviewBreaker
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
from domain_verifier.usecases.tenants import FindTenant
from domain_verifier.usecases.use_cases import UseCases

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
    clock: SystemClock


def adapters(settings: Settings, pool: asyncpg.Pool, *, committed: Callable[[], None]) -> Adapters:
    """Put the adapters together; `committed` is called when new events were written."""
    clock = SystemClock()
    claims = PostgresClaims(
        pool,
        outgoing=outgoing,
        committed=committed,
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


def use_cases(settings: Settings, parts: Adapters) -> UseCases:
    """Put the use cases together."""
    claims, clock = parts.claims, parts.clock
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
        check_claim=CheckClaim(claims, parts.tenants, parts.run_check, settings.quota, clock),
        list_claims=ListClaims(claims),
        get_claim=GetClaim(claims),
        find_claim=FindClaim(claims),
        release_claim=ReleaseClaim(claims, clock),
        override_claim=OverrideClaim(claims, parts.tenants, settings.policy, clock),
        find_tenant=FindTenant(parts.tenants),
        list_attention=ListAttention(claims, settings.policy, clock),
        get_breaker=GetBreaker(parts.breakers),
        accept_denials=AcceptDenials(parts.breakers, settings.policy, clock),
    )


def application(
    settings: Settings, parts: Adapters, *, authorise: Authoriser = refuse_everybody
) -> Application:
    """Make the HTTP application."""
    app = create_app("Portico domain verifier", limits=limits_of(settings))
    app.include_router(domain_router(use_cases(settings, parts), authorise))
    return app


@asynccontextmanager
async def build(settings: Settings, mode: Mode) -> AsyncIterator[Parts]:
    """Wire the service."""
    dsn = settings.database_url
    pool = await create_pool(dsn, size=settings.database_pool_size, warm=PREPARED_QUERIES)
    signal = OutboxSignal()
    parts = adapters(settings, pool, committed=signal.notify)
    try:
        yield on_the_bus(
            settings,
            mode,
            name=NAME,
            package=PACKAGE,
            pool=pool,
            signal=signal,
            subscriptions=subscriptions(
                lambda connection: ReleaseTenantClaims(parts.claims.bound(connection), parts.clock)
            ),
            app=application(settings, parts),
            work_loops=_loops(settings, pool, parts),
            polls=[
                claims_poll(pool, clock=parts.clock, policy=settings.policy, gauges=GAUGES),
                ValidationMonitor(parts.resolvers, gauge=VALIDATES).poll(),
            ],
        )
    finally:
        await pool.close()


def _loops(settings: Settings, pool: asyncpg.Pool, parts: Adapters) -> list[Loop]:
    work = CheckDueClaims(
        parts.claims,
        parts.run_check,
        parts.review,
        parts.clock,
        concurrency=settings.check_concurrency,
    )
    keep = timedelta(days=settings.check_history_days)
    pruning = Pruning(pool, clock=parts.clock, keep=keep)
    return [Loop("checks", work.run), Loop("pruning", pruning.run)]


@asynccontextmanager
async def open_use_cases() -> AsyncIterator[UseCases]:
    """Connect for one command."""
    settings = load_settings(Settings)
    signal = OutboxSignal()
    async with command_pool(settings, service=NAME, package=PACKAGE) as pool:
        yield use_cases(settings, adapters(settings, pool, committed=signal.notify))
        await signal.notify_others(settings.database_url)


SERVICE = Service(
    name=NAME,
    package=PACKAGE,
    settings=Settings,
    build=build,
    cli=verifier_cli(open_use_cases),
)
