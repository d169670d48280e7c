"""Runs the phases against one server and takes its times."""

import os
import signal
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import orjson

from bench.cpu import seconds_of
from bench.load import Client, Load
from bench.phases import PHASES, Phase, World, members_body, user_body
from entra_sandbox.request_log import percentile

WARM_UP = 48
COUNTED = 300
PHASE_SECONDS = 8.0
PREPARE_SECONDS = 600.0
FILL_SECONDS = 45.0
OUTSIDERS = 2_000
MEMBERS_PER_FILL = 1_000


class BenchError(Exception):
    """The measurement cannot go on; the message says why."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One phase's figures for one server."""

    name: str
    requests: int
    per_second: float
    p50_ms: float
    p99_ms: float
    cpu_ms: float


@contextmanager
def held_still(pids: Sequence[int]) -> Iterator[None]:
    """Stop processes for a while, so that what they cost is not counted as another's."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


async def run_phase(
    world: World, phase: Phase, pid: int, *, share: float = 1.0, still: Sequence[int] = ()
) -> Measured:
    """Warm up, then measure every round of a phase while the processes `still` do nothing."""
    count = max(WARM_UP, int(phase.count * share))
    for round_ in phase.rounds(world, WARM_UP):
        _keep(world, phase, await _sent(world.client, [*round_.reset, *round_.requests]))
    total, cpu = Load(), 0.0
    for round_ in phase.rounds(world, count):
        await _sent(world.client, round_.reset)
        with held_still(still):
            before = seconds_of(pid)
            load = await world.client.send(round_.requests, within=PHASE_SECONDS)
            cpu += seconds_of(pid) - before
        total.add(load)
    _check(phase.name, total)
    _keep(world, phase, total)
    return Measured(
        name=phase.name,
        requests=total.count,
        per_second=total.count / total.seconds,
        p50_ms=percentile(total.latencies, 50) * 1000,
        p99_ms=percentile(total.latencies, 99) * 1000,
        cpu_ms=cpu / total.count * 1000,
    )


@dataclass(slots=True)
class Side:
    """A server that is measured beside others."""

    name: str
    world: World
    pid: int
    big: int
    """Members of the big group."""
    quiet: Callable[[World], Awaitable[None]] | None = None
    """Returns when what earlier phases left to other processes is done."""
    still: Sequence[int] = ()
    """Processes that work on what the server has written; they wait while it is measured."""
    measured: list[Measured] = field(default_factory=list)


async def run_all(sides: Sequence[Side], *, share: float, say: Callable[[str], None]) -> None:
    """Run every phase on each server in turn: the machine drifts, and ratios are what counts."""
    for phase in PHASES:
        for side in sides:
            world = side.world
            if phase.name.endswith("big") and not world.big_group:
                say(f"{side.name}: making a group of {side.big:,} members")
                await _make_big_group(world, side.big)
                say(f"it has {len(world.users) - OUTSIDERS:,}")
            if side.quiet is not None and world.users:
                await side.quiet(world)
            say(f"{phase.name}, {side.name}")
            side.measured.append(
                await run_phase(world, phase, side.pid, share=share, still=side.still)
            )


async def count_statements(
    client: Client, world: World, counted: Callable[[], int]
) -> dict[str, float]:
    """Run every phase again, briefly, and divide the statements by the requests.

    What the process does besides its requests (a signal to the relay, the batched log of reads)
    is in the figure, at the share it has under load.
    """
    again = World(client, world.users, world.groups, world.big_group, world.outsiders, 1000)
    per_phase: dict[str, float] = {}
    for phase in PHASES:
        # The first requests of a connection also prepare its statements.
        [warm, *_] = phase.rounds(again, WARM_UP)
        await _sent(client, [*warm.reset, *warm.requests])
        [first, *_] = phase.rounds(again, COUNTED)
        await _sent(client, first.reset)
        before = counted()
        load = await _sent(client, first.requests)
        per_phase[phase.name] = (counted() - before) / load.count
    return per_phase


async def _make_big_group(world: World, members: int) -> None:
    client, wanted = world.client, members + OUTSIDERS
    world.outsiders = OUTSIDERS
    missing = range(len(world.users), wanted)
    fill = [client.request("POST", "/Users", user_body(f"m{number}")) for number in missing]
    # On a slow machine the group stays smaller: the bench must end in minutes.
    load = await client.send(fill, within=FILL_SECONDS * max(1, members // 20_000))
    _check("filling", load)
    world.users += _ids(load)
    body = orjson.dumps(
        {
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
            "displayName": "Everybody",
            "externalId": "everybody",
        }
    )
    status, answer = await client.one(client.request("POST", "/Groups", body))
    if status != 201:
        raise BenchError(f"the big group was refused: {status} {answer[:200]!r}")
    world.big_group = orjson.loads(answer)["id"]
    path = f"/Groups/{world.big_group}"
    inside = world.users[:-OUTSIDERS]
    chunks = [inside[at : at + MEMBERS_PER_FILL] for at in range(0, len(inside), MEMBERS_PER_FILL)]
    await _sent(
        client, [client.request("PATCH", path, members_body("Add", part)) for part in chunks]
    )


async def _sent(client: Client, requests: Sequence[bytes]) -> Load:
    load = await client.send(requests, within=PREPARE_SECONDS)
    _check("preparation", load)
    return load


def _check(name: str, load: Load) -> None:
    if load.failures:
        status, body = load.failures[0]
        share = f"{len(load.failures)} of {load.count}"
        raise BenchError(f"{name}: {share} requests failed, the first with {status} {body[:300]!r}")


def _keep(world: World, phase: Phase, load: Load) -> None:
    if phase.keeps == "users":
        world.users += _ids(load)
    elif phase.keeps == "groups":
        world.groups += _ids(load)


def _ids(load: Load) -> list[str]:
    return [orjson.loads(body)["id"] for body in load.bodies]
