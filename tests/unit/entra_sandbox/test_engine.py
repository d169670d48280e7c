"""The engine brings a service to what "Entra" holds, whatever fails on the way."""

import random
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import httpx
import pytest

from entra_sandbox.client import ProvisioningError, RateLimiter, ScimClient
from entra_sandbox.dialect import Dialect
from entra_sandbox.engine import Engine
from entra_sandbox.job import Job
from entra_sandbox.lifecycle import LIFECYCLE, run_step
from entra_sandbox.people import populate
from entra_sandbox.source import Entra
from unit.entra_sandbox.scim_stub import URN, ScimStub

Engines = Callable[..., AbstractAsyncContextManager[Engine]]


@pytest.fixture
def stub() -> ScimStub:
    return ScimStub()


@pytest.fixture
def engines(stub: ScimStub) -> Engines:
    @asynccontextmanager
    async def make(entra: Entra, dialect: Dialect = Dialect.VERBOSE) -> AsyncIterator[Engine]:
        transport = httpx.ASGITransport(app=stub)
        client = ScimClient(
            "http://stub/scim", "secret", dialect, RateLimiter(0), transport=transport
        )
        async with client:
            yield Engine(Job(entra, client), retry_pause=0)

    return make


def people(entra: Entra) -> dict[str, dict[str, Any]]:
    """What the stub should hold, by target id."""
    linked = {entra.links[user.object_id]: user for user in entra.users.values()}
    return {
        target: {
            "userName": user.upn,
            "active": entra.is_active(user),
            "displayName": user.display_name,
            "manager": entra.links.get(user.manager or ""),
        }
        for target, user in linked.items()
    }


def stored(stub: ScimStub) -> dict[str, dict[str, Any]]:
    return {
        key: {
            "userName": item["userName"],
            "active": item["active"],
            "displayName": item["displayName"],
            "manager": item.get(URN, {}).get("manager", {}).get("value"),
        }
        for key, item in stub.store["Users"].items()
    }


def teams(entra: Entra) -> dict[str, tuple[str, set[str]]]:
    return {
        entra.links[group.object_id]: (
            group.display_name,
            {entra.links[member] for member in group.members},
        )
        for group in entra.groups.values()
    }


def stored_teams(stub: ScimStub) -> dict[str, tuple[str, set[str]]]:
    return {
        key: (item["displayName"], {member["value"] for member in item.get("members", [])})
        for key, item in stub.store["Groups"].items()
    }


@pytest.mark.parametrize("dialect", list(Dialect))
@pytest.mark.parametrize("seed", [1, 2])
async def test_a_whole_life_ends_equal(
    stub: ScimStub, engines: Engines, dialect: Dialect, seed: int
) -> None:
    entra = populate(users=60, groups=12, seed=seed, domain="contoso.example")
    rng = random.Random(seed)
    async with engines(entra, dialect) as engine:
        await engine.test_connection(["a", "b"])
        for step in LIFECYCLE:
            await run_step(engine, step, rng)
            assert engine.ok, (step.title, engine.retry_queue.entries)
            assert stored_teams(stub) == teams(entra), step.title
    assert stored(stub) == people(entra)


async def test_a_restart_creates_nobody(stub: ScimStub, engines: Engines) -> None:
    entra = populate(users=20, groups=3, seed=3, domain="contoso.example")
    async with engines(entra) as engine:
        await engine.cycle(initial=True)
        ids = dict(entra.links)
        stub.requests.clear()
        await run_step(engine, LIFECYCLE[-1], random.Random(1))
    assert entra.links == ids
    assert not [request for request in stub.requests if request[0] == "POST"]


async def test_what_fails_is_retried_and_gets_through(stub: ScimStub, engines: Engines) -> None:
    entra = populate(users=10, groups=1, seed=1, domain="contoso.example")
    stub.failures = [500] * 25
    async with engines(entra) as engine:
        await engine.cycle(initial=True)
    assert engine.ok
    assert engine.retry_queue.failures > 5
    assert stored(stub) == people(entra)
    assert stored_teams(stub) == teams(entra)


async def test_what_never_gets_through_stays_in_the_retry_queue(
    stub: ScimStub, engines: Engines
) -> None:
    entra = populate(users=2, groups=0, seed=1, domain="contoso.example")
    stub.failures = [500] * 1000
    async with engines(entra) as engine:
        await engine.cycle(initial=True)
    assert not engine.ok
    assert {entry.attempts for entry in engine.retry_queue.entries.values()} == {4}
    assert "over the limit of 40%" in engine.summary


async def test_a_refused_token_quarantines_at_once(stub: ScimStub, engines: Engines) -> None:
    entra = populate(users=50, groups=2, seed=1, domain="contoso.example")
    stub.token = "revoked"
    async with engines(entra) as engine:
        await engine.cycle(initial=True)
    assert engine.refused == "401 the token is not valid"
    assert len(stub.requests) <= engine.concurrency
    assert not engine.ok


async def test_a_service_that_finds_a_random_guid_fails_the_connection_test(
    stub: ScimStub, engines: Engines
) -> None:
    stub.create("Users", {"userName": "a"})
    async with engines(Entra()) as engine:
        with pytest.raises(ProvisioningError, match="found something"):
            await engine.test_connection(["a", "b"])


async def test_the_compact_job_carries_the_flag_in_every_query(
    stub: ScimStub, engines: Engines
) -> None:
    entra = populate(users=3, groups=1, seed=1, domain="contoso.example")
    async with engines(entra, Dialect.COMPACT) as engine:
        await engine.cycle(initial=True)
    assert all(query.startswith("aadOptscim062020") for _, _, query, _ in stub.requests)


async def test_the_compact_job_sends_members_one_by_one(stub: ScimStub, engines: Engines) -> None:
    entra = populate(users=30, groups=2, seed=1, domain="contoso.example")
    async with engines(entra, Dialect.COMPACT) as engine:
        await engine.cycle(initial=True)
    patches = [
        body for method, path, _, body in stub.requests if method == "PATCH" and "Groups" in path
    ]
    assert {len(body["Operations"][0]["value"]) for body in patches} == {1}
