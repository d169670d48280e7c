"""What a process of any service runs and when it is ready, in each mode and without a broker."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable

import asyncpg
import pytest
from prometheus_client import CollectorRegistry

from chassis.database import connect, create_pool, disconnect
from chassis.denied import DenyList
from chassis.http import create_app
from chassis.loops import Heartbeats, Loop
from chassis.observe import Poll
from chassis.observe.health import Health
from chassis.outbox import OutboxSignal
from chassis.service import Mode, Parts, on_the_bus
from chassis.settings import ChassisSettings
from support.bus import running

NOBODY = "127.0.0.1:1"


async def nothing() -> None:
    """Stand in for a loop or a poll that is not run."""


@pytest.fixture
async def dsn(database: Callable[[str], Awaitable[str]]) -> str:
    return await database("scim")


@pytest.fixture
async def pool(dsn: str) -> AsyncIterator[asyncpg.Pool]:
    pool = await create_pool(dsn, size=2)
    yield pool
    pool.terminate()


@pytest.fixture
def signal() -> OutboxSignal:
    return OutboxSignal()


@pytest.fixture
def parts_of(dsn: str, pool: asyncpg.Pool, signal: OutboxSignal) -> Callable[[Mode], Parts]:
    settings = ChassisSettings(database_url=dsn, kafka_bootstrap_servers=NOBODY)

    def build(mode: Mode) -> Parts:
        return on_the_bus(
            settings,
            mode,
            name="scim",
            package="scim",
            pool=pool,
            signal=signal,
            subscriptions=[],
            app=create_app("test", registry=CollectorRegistry()),
            work_loops=[Loop("own-work", nothing)],
            serve_loops=[Loop("own-serve", nothing)],
            polls=[Poll("own-poll", nothing)],
        )

    return build


@pytest.mark.parametrize(
    ("mode", "status", "word"),
    [(Mode.SERVE, 200, "degraded"), (Mode.ALL, 200, "degraded"), (Mode.WORK, 503, "unready")],
)
async def test_only_a_process_that_does_nothing_but_work_needs_the_broker(
    parts_of: Callable[[Mode], Parts], mode: Mode, status: int, word: str
) -> None:
    answered, body = await Health(Heartbeats(), parts_of(mode).checks).ready()

    answer = json.loads(body)
    assert (answered, answer["status"]) == (status, word)
    failed = {name for name, check in answer["checks"].items() if not check["ok"]}
    assert failed == {"broker", "topics"}
    assert {answer["checks"][name]["essential"] for name in failed} == {mode is Mode.WORK}


@pytest.mark.parametrize(
    ("mode", "loops", "polls"),
    [
        (Mode.SERVE, ["outbox-signal", "own-serve"], []),
        (
            Mode.WORK,
            ["relay", "outbox-signal", "consumer", "retention-deleted-versions", "own-work"],
            ["outbox", "own-poll"],
        ),
        (
            Mode.ALL,
            [
                "relay",
                "outbox-signal",
                "consumer",
                "retention-deleted-versions",
                "own-work",
                "own-serve",
            ],
            ["outbox", "own-poll"],
        ),
    ],
)
def test_what_feeds_others_starts_after_them_and_the_signal_runs_everywhere(
    parts_of: Callable[[Mode], Parts], mode: Mode, loops: list[str], polls: list[str]
) -> None:
    parts = parts_of(mode)

    assert [loop.name for loop in parts.loops] == loops
    assert [poll.name for poll in parts.polls] == polls


async def test_the_signal_reaches_other_processes_in_whichever_way_it_was_made(
    dsn: str, pool: asyncpg.Pool, parts_of: Callable[[Mode], Parts], signal: OutboxSignal
) -> None:
    told = asyncio.Event()
    [loop] = [loop for loop in parts_of(Mode.SERVE).loops if loop.name == "outbox-signal"]
    listening = await connect(dsn)
    await listening.add_listener("outbox", lambda *_: told.set())

    async with running(loop.run) as [task]:
        signal.notify()
        await asyncio.wait_for(told.wait(), 5)
        assert not task.done()
    await disconnect(listening)


@pytest.mark.parametrize(
    ("mode", "feeds"), [(Mode.SERVE, True), (Mode.ALL, True), (Mode.WORK, False)]
)
async def test_what_checks_tokens_hears_who_is_out_before_it_is_ready(
    dsn: str, pool: asyncpg.Pool, signal: OutboxSignal, mode: Mode, feeds: bool
) -> None:
    denied = DenyList()
    parts = on_the_bus(
        ChassisSettings(database_url=dsn, kafka_bootstrap_servers=NOBODY),
        mode,
        name="scim",
        package="scim",
        pool=pool,
        signal=signal,
        subscriptions=[],
        app=create_app("test", registry=CollectorRegistry()),
        denied=denied,
    )
    assert ("denied" in {loop.name for loop in parts.loops}) is feeds
    if feeds:
        health = Health(Heartbeats(), parts.checks)
        status, body = await health.ready()
        assert (status, json.loads(body)["checks"]["denied"]["ok"]) == (503, False)
        denied.caught_up = True
        status, _ = await Health(Heartbeats(), parts.checks).ready()
        assert status == 200
