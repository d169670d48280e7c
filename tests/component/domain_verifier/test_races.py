"""Replicas and tenants at the same time, on real PostgreSQL."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Coroutine
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from chassis.database import DATABASE_FAILURES, create_pool, transaction
from domain_verifier.domain.breaker import Breaker, Count
from domain_verifier.domain.claim import HOLDING, State
from domain_verifier.domain.evidence import Evidence, Outcome, Reason
from domain_verifier.domain.explanation import Subject
from domain_verifier.domain.quota import Quota
from domain_verifier.events.incoming import subscriptions
from domain_verifier.usecases.due_checks import CheckDueClaims
from domain_verifier.usecases.ports import Busy, Lease, LeaseRequest, SaveOutcome, SuspectCriteria
from domain_verifier.wiring import event_use_cases
from kernel.errors import ForbiddenError
from support.databases import DatabaseFactory
from support.directory import tenant_event
from support.dns_harness import Harness, postgres_harness
from support.waiting import eventually

pytestmark = pytest.mark.timeout(180)

PRESENT = Evidence(Outcome.PRESENT, Reason.MATCHED, "There.", authenticated=True)


class WatchingProber:
    """Always PRESENT; notes which claims are checked how often, and whether twice at once."""

    def __init__(self, *, takes: float = 0.0) -> None:
        self.takes = takes
        self.checks: Counter[str] = Counter()
        self.now: Counter[str] = Counter()
        self.twice: list[str] = []
        self.released = asyncio.Event()

    async def probe(self, subject: Subject, *, explain: bool) -> Evidence:
        key = f"{subject.domain.ascii}/{subject.token}"
        self.checks[key] += 1
        self.now[key] += 1
        if self.now[key] > 1:
            self.twice.append(key)
        await asyncio.sleep(self.takes)
        self.now[key] -= 1
        return PRESENT


class StuckProber:
    """Never answers: its worker hangs until it is killed."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()

    async def probe(self, subject: Subject, *, explain: bool) -> Evidence:
        self.asked.set()
        await asyncio.Event().wait()
        raise AssertionError


@pytest.fixture
async def dsn(database: DatabaseFactory) -> str:
    return await database("domain-verifier")


@pytest.fixture
async def pool(dsn: str) -> AsyncIterator[asyncpg.Pool]:
    pool = await create_pool(dsn, size=8)
    yield pool
    await pool.close()


def worker(harness: Harness) -> CheckDueClaims:
    return CheckDueClaims(
        harness.claims,
        harness.run_check(),
        harness.review(),
        harness.clock,
        DATABASE_FAILURES,
        concurrency=16,
        poll=0.05,
    )


async def test_of_two_tenants_racing_200_times_exactly_one_holds_each_domain(
    pool: asyncpg.Pool,
) -> None:
    harness = postgres_harness(pool)
    harness.prober = WatchingProber()
    harness.quota = Quota(live=1000, per_hour=1000, checks_per_minute=1000)
    one, two = await harness.add_tenant("acme"), await harness.add_tenant("globex")
    winners: Counter[object] = Counter()
    for number in range(200):
        domain = f"d{number}.test"
        first, second = await asyncio.gather(harness.claim(one, domain), harness.claim(two, domain))
        # Who comes first is left to chance, and now and then turned round.
        pair = (first, second) if number % 2 else (second, first)
        results = await asyncio.gather(*(harness.check(claim) for claim in pair))
        assert sorted(r.save_outcome for r in results) == [
            SaveOutcome.SAVED,
            SaveOutcome.DOMAIN_HELD,
        ]
        states = [(await harness.now(claim)).state for claim in (first, second)]
        assert sorted(states) == [State.PENDING, State.VERIFIED]
        winners[one if states[0] is State.VERIFIED else two] += 1
    held = await pool.fetch(
        "SELECT domain, count(*) FROM claims WHERE state = ANY($1) GROUP BY domain",
        [state.value for state in HOLDING],
    )
    assert len(held) == 200
    assert all(row["count"] == 1 for row in held)
    published = await pool.fetchval("SELECT count(*) FROM outbox WHERE type = 'domain.verified.v1'")
    assert published == 200
    assert winners.total() == 200


async def test_fifty_tenants_at_once_for_one_domain(pool: asyncpg.Pool) -> None:
    harness = postgres_harness(pool)
    harness.prober = WatchingProber()
    tenants = [await harness.add_tenant(f"t{number}") for number in range(50)]
    claims = await asyncio.gather(*(harness.claim(tenant, "acme.test") for tenant in tenants))
    results = await asyncio.gather(*(harness.check(claim) for claim in claims))
    save_outcome = Counter(result.save_outcome for result in results)
    assert save_outcome == {SaveOutcome.SAVED: 1, SaveOutcome.DOMAIN_HELD: 49}


async def test_two_claims_of_one_tenant_at_once_are_one(pool: asyncpg.Pool) -> None:
    harness = postgres_harness(pool)
    tenant = await harness.add_tenant("acme")
    claims = await asyncio.gather(*(harness.claim(tenant, "acme.test") for _ in range(20)))
    assert len({claim.claim_id for claim in claims}) == 1
    assert await pool.fetchval("SELECT count(*) FROM outbox") == 1


async def test_two_replicas_never_check_one_claim_at_once(pool: asyncpg.Pool, dsn: str) -> None:
    other = await create_pool(dsn, size=8)
    prober = WatchingProber(takes=0.05)
    replicas = [postgres_harness(pool), postgres_harness(other)]
    harness = replicas[0]
    harness.quota = Quota(live=1000, per_hour=1000, checks_per_minute=1000)
    tenant = await harness.add_tenant("acme")
    for number in range(200):
        await harness.claim(tenant, f"d{number}.test")
    for replica in replicas:
        replica.prober = prober
    tasks = [asyncio.create_task(worker(replica).run()) for replica in replicas]

    async def all_verified() -> bool:
        verified = "SELECT count(*) FROM claims WHERE state = 'verified'"
        return bool(await pool.fetchval(verified) == 200)

    await eventually(all_verified, within=60)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    await other.close()
    assert prober.twice == []
    assert set(prober.checks.values()) == {1}
    assert all(len(replica.seen) > 20 for replica in replicas)


async def test_a_killed_replicas_work_is_taken_over_and_its_late_result_dropped(
    pool: asyncpg.Pool,
) -> None:
    lease = timedelta(seconds=1)
    dead, alive = postgres_harness(pool, lease=lease), postgres_harness(pool, lease=lease)
    tenant = await dead.add_tenant("acme")
    claim = await dead.claim(tenant, "acme.test")
    stuck = StuckProber()
    dead.prober, alive.prober = stuck, WatchingProber()
    task = asyncio.create_task(worker(dead).run())
    await asyncio.wait_for(stuck.asked.wait(), 10)
    task.cancel()
    await asyncio.wait([task])

    assert await alive.claims.lease_due(alive.clock.now(), limit=10) == []
    [taken] = await eventually(
        lambda: alive.claims.lease_due(alive.clock.now(), limit=10), within=10
    )
    assert taken.claim == claim
    completed = await alive.run_check()(taken)
    assert completed.save_outcome is SaveOutcome.SAVED
    assert (await alive.now(claim)).state is State.VERIFIED


async def test_a_zombies_result_after_its_lease_changes_nothing(pool: asyncpg.Pool) -> None:
    harness = postgres_harness(pool, lease=timedelta(seconds=0.2))
    tenant = await harness.add_tenant("acme")
    claim = await harness.claim(tenant, "acme.test")
    [lease] = await harness.claims.lease_due(harness.clock.now(), limit=1)
    harness.prober = WatchingProber(takes=0.5)
    completed = await harness.run_check()(lease)
    assert completed.save_outcome is SaveOutcome.DROPPED
    assert (await harness.now(claim)) == claim
    assert await pool.fetchval("SELECT count(*) FROM outbox") == 1
    assert await pool.fetchval("SELECT count(*) FROM checks") == 0


async def test_claims_that_contest_and_release_at_once_do_not_deadlock(pool: asyncpg.Pool) -> None:
    harness = postgres_harness(pool)
    harness.prober = WatchingProber()
    tenants = [await harness.add_tenant(f"t{number}") for number in range(6)]
    for _ in range(10):
        claims = await asyncio.gather(*(harness.claim(tenant, "acme.test") for tenant in tenants))
        work: list[Coroutine[Any, Any, object]] = [harness.check(claim) for claim in claims]
        work += [harness.release(claim) for claim in claims]
        results = await asyncio.gather(*work, return_exceptions=True)
        unexpected = [r for r in results if isinstance(r, asyncpg.PostgresError)]
        assert unexpected == []
        held = await pool.fetchval(
            "SELECT count(*) FROM claims WHERE state = ANY('{verified,grace}')"
        )
        assert held <= 1
        live = await pool.fetch(
            "SELECT tenant_id, claim_id FROM claims WHERE state = ANY('{pending,verified,grace}')"
        )
        for row in live:
            claim = await harness.claims.find(row["tenant_id"], row["claim_id"])
            assert claim is not None
            await harness.release(claim)
        harness.clock.advance(hours=1)


async def test_the_breaker_is_one_for_all_replicas(pool: asyncpg.Pool) -> None:
    harness, other = postgres_harness(pool), postgres_harness(pool)

    def toggle(breaker: Breaker, _count: Count) -> Breaker:
        at = harness.clock.now() if breaker.opened_at is None else None
        return Breaker(opened_at=at)

    now = harness.clock.now()
    replicas = [harness, other] * 5
    suspect_criteria = SuspectCriteria(since=lambda _: now, tenant_limit=5)
    await asyncio.gather(
        *(r.breakers.change(toggle, suspect_criteria=suspect_criteria) for r in replicas)
    )
    assert (await harness.breakers.current()).opened_at is None
    assert len(await harness.breakers.log(limit=20)) == 10


async def test_the_worker_closes_a_breaker_whose_suspects_are_back(pool: asyncpg.Pool) -> None:
    harness = postgres_harness(pool)
    suspect_criteria = SuspectCriteria(since=lambda _: harness.clock.now(), tenant_limit=5)
    opened = Breaker(opened_at=harness.clock.now())
    await harness.breakers.change(
        lambda _breaker, _count: opened, suspect_criteria=suspect_criteria
    )
    task = asyncio.create_task(worker(harness).run())

    async def closed() -> bool:
        return not (await harness.breakers.current()).is_open

    await eventually(closed, within=10)
    task.cancel()
    await asyncio.wait([task])
    assert [record.action for record in await harness.breakers.log(limit=9)] == ["closed", "opened"]


async def test_no_claim_outlives_a_tenant_that_is_deleted_meanwhile(pool: asyncpg.Pool) -> None:
    harness = postgres_harness(pool)
    [subscription] = subscriptions(lambda connection: event_use_cases(connection, harness.clock))
    on_tenant_state = subscription.handlers["directory.tenant.state.v1"]

    async def delete(tenant_id: UUID) -> None:
        async with transaction(pool) as connection:
            await on_tenant_state(tenant_event(tenant_id, 1_000, None), connection)

    refused = 0
    for number in range(60):
        tenant = await harness.add_tenant(f"t{number}")
        work = [harness.claim(tenant, f"d{number}.test"), delete(tenant)]
        results = await asyncio.gather(
            *(work if number % 2 else reversed(work)), return_exceptions=True
        )
        failures = [result for result in results if isinstance(result, Exception)]
        assert [f for f in failures if not isinstance(f, ForbiddenError)] == []
        refused += len(failures)
        live = "SELECT count(*) FROM claims WHERE tenant_id = $1 AND state = 'pending'"
        assert await pool.fetchval(live, tenant) == 0
    assert 0 < refused < 60


async def test_a_change_by_hand_voids_a_check_but_nobody_else_checks_meanwhile(
    pool: asyncpg.Pool,
) -> None:
    harness = postgres_harness(pool)
    tenant = await harness.add_tenant("acme")
    claim = await harness.claim(tenant, "acme.test")
    [lease] = await harness.claims.lease_due(harness.clock.now(), limit=1)
    held = await harness.override(claim)
    asked = await harness.claims.lease(
        LeaseRequest(
            tenant, claim.claim_id, now=harness.clock.now(), pause=timedelta(0), per_minute=9
        )
    )
    assert isinstance(asked, Busy)
    assert 50 < asked.seconds <= 60
    harness.prober = WatchingProber()
    assert (await harness.run_check()(lease)).save_outcome is SaveOutcome.DROPPED
    assert await harness.now(claim) == held
    again = await harness.claims.lease(
        LeaseRequest(
            tenant, claim.claim_id, now=harness.clock.now(), pause=timedelta(0), per_minute=9
        )
    )
    assert isinstance(again, Lease)


async def test_who_asks_again_too_soon_is_told_how_long_to_wait(pool: asyncpg.Pool) -> None:
    harness = postgres_harness(pool)
    tenant = await harness.add_tenant("acme")
    claim = await harness.claim(tenant, "acme.test")
    pause = timedelta(seconds=10)
    await harness.check(claim, pause=pause)
    for seconds in (10, 6, 2):
        busy = await harness.claims.lease(
            LeaseRequest(tenant, claim.claim_id, now=harness.clock.now(), pause=pause, per_minute=9)
        )
        assert busy == Busy(seconds)
        harness.clock.advance(seconds=4)


async def test_a_contested_holder_under_a_lease_is_checked_once_more(pool: asyncpg.Pool) -> None:
    harness = postgres_harness(pool)
    harness.prober = WatchingProber()
    tenants = [await harness.add_tenant(name) for name in ("acme", "globex")]
    holder, rival = [await harness.claim(tenant, "acme.test") for tenant in tenants]
    await harness.check(holder)
    harness.clock.advance(hours=24)
    leases = await harness.claims.lease_due(harness.clock.now(), limit=10)
    mine = next(lease for lease in leases if lease.claim.claim_id == holder.claim_id)
    theirs = next(lease for lease in leases if lease.claim.claim_id == rival.claim_id)
    harness.clock.advance(seconds=1)
    assert (await harness.run_check()(theirs)).save_outcome is SaveOutcome.DOMAIN_HELD
    # The holder's lease is in use, so nobody gets it a second time; its result is good.
    assert await harness.claims.lease_due(harness.clock.now(), limit=10) == []
    assert (await harness.run_check()(mine)).save_outcome is SaveOutcome.SAVED
    [again] = await harness.claims.lease_due(harness.clock.now(), limit=10)
    assert again.claim.claim_id == holder.claim_id
