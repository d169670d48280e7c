"""The domain verifier as processes: tenants from Kafka, DNS on real servers, events on Kafka."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from chassis.bus import partition_of
from contracts.topics import DOMAIN_EVENTS
from support.databases import DatabaseFactory
from support.directory import say, tenant_event, tenant_state
from support.dns_probing import Zone
from support.processes import ServiceProcess
from support.waiting import eventually

# One consumer group, so one process of the service at a time.
pytestmark = [pytest.mark.timeout(180), pytest.mark.xdist_group("domain-verifier")]

Start = Callable[..., ServiceProcess]


@pytest.fixture
async def dsn(database: DatabaseFactory) -> str:
    return await database("domain-verifier")


@pytest.fixture
async def rows(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(dsn)
    yield connection
    await connection.close()


@pytest.fixture
def environment(dsn: str, kafka: str, zone: Zone) -> Mapping[str, str]:
    return {
        "DOMAIN_VERIFIER_DATABASE_URL": dsn,
        "DOMAIN_VERIFIER_HTTP_PORT": "0",
        "DOMAIN_VERIFIER_METRICS_PORT": "0",
        "DOMAIN_VERIFIER_DNS_RESOLVERS": ",".join(zone.servers.resolvers),
        "DOMAIN_VERIFIER_TEST_ZONES": "test",
        "DOMAIN_VERIFIER_CONFIRM_SECONDS": "1",
        "KAFKA_BOOTSTRAP_SERVERS": kafka,
        "ENVIRONMENT": "test",
        "LOG_LEVEL": "info",
    }


async def command(environment: Mapping[str, str], *arguments: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "domain_verifier", *arguments),
        env={**environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode is not None
    return process.returncode, (output or errors).decode()


@asynccontextmanager
async def events_of(kafka: str, tenant_id: UUID) -> AsyncIterator[Callable[[], list[Any]]]:
    """Collect a tenant's domain events."""
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, auto_offset_reset="earliest")
    await consumer.start()
    place = TopicPartition(DOMAIN_EVENTS.name, partition_of(tenant_id, DOMAIN_EVENTS.partitions))
    consumer.assign([place])
    seen: list[Any] = []

    async def read() -> None:
        async for record in consumer:
            headers = dict(record.headers)
            if headers["ce_tenantid"].decode() == str(tenant_id):
                kind, number = headers["ce_type"].decode(), int(headers["ce_sequence"])
                seen.append((number, kind, json.loads(record.value)))

    task = asyncio.create_task(read())
    try:
        yield lambda: list(seen)
    finally:
        task.cancel()
        await asyncio.wait([task])
        await consumer.stop()


async def introduce(kafka: str, rows: asyncpg.Connection, name: str) -> UUID:
    """Let the directory tell of a tenant, and wait until the verifier has heard."""
    state = tenant_state(name)
    await say(kafka, [tenant_event(state.tenant_id, 1, state)])

    async def known() -> bool:
        query = "SELECT 1 FROM tenants WHERE tenant_id = $1"
        return bool(await rows.fetchval(query, state.tenant_id))

    await eventually(known, within=30)
    return state.tenant_id


async def test_a_domains_life(
    environment: Mapping[str, str],
    dsn: str,
    kafka: str,
    rows: asyncpg.Connection,
    zone: Zone,
    start_process: Start,
) -> None:
    start_process("domain_verifier", "all", env=environment)
    tenant_id = await introduce(kafka, rows, "acme-life")
    domain = zone.subject().domain.ascii

    code, output = await command(
        environment, "claim", domain.upper(), "--tenant", "acme-life", "--json"
    )
    assert code == 0, output
    claim = json.loads(output)
    assert claim["record_name"] == f"_portico-challenge.{domain}"
    code, output = await command(environment, "check", domain, "--tenant", str(tenant_id))
    assert code == 1
    # On a busy machine the worker's own first look comes in between, and this one is refused.
    if "looked at a moment ago" not in output:
        assert "There is no TXT record" in output
        assert claim["record_value"] in output

    async def explained() -> bool:
        code, shown = await command(environment, "show", domain, "--tenant", str(tenant_id))
        return code == 0 and "There is no TXT record" in shown and claim["record_value"] in shown

    await eventually(explained, within=30, every=0.5)

    await zone.servers.add(claim["record_name"], f'"{claim["record_value"]}"')

    async def state() -> str:
        query = "SELECT state FROM claims WHERE tenant_id = $1"
        return str(await rows.fetchval(query, tenant_id))

    async def verified() -> bool:
        # The backoff waits half a minute; an impatient admin requests a check.
        await rows.execute("UPDATE claims SET next_check_at = now() WHERE state = 'pending'")
        return await state() == "verified"

    await eventually(verified, within=30, every=0.5)

    async with events_of(kafka, tenant_id) as seen:
        await eventually(lambda: len(seen()) == 2, within=20)
        assert [(number, kind) for number, kind, _ in seen()] == [
            (1, "domain.claimed.v1"),
            (2, "domain.verified.v1"),
        ]
        event = seen()[1][2]
        assert event["claim"]["domain"] == domain
        assert event["claim"]["state"] == "verified"
        assert event["method"] == "dns"

        code, output = await command(environment, "show", domain, "--tenant", "acme-life", "--json")
        shown = json.loads(output)
        assert shown["state"] == "verified"
        assert {check["outcome"] for check in shown["checks"]} == {"absent", "present"}
        assert [record["action"] for record in shown["log"]] == ["verified", "claimed"]

        code, output = await command(
            environment, "release", domain, "--tenant", "acme-life", "--reason", "sold"
        )
        assert code == 0
        await eventually(lambda: len(seen()) == 3, within=20)
        assert seen()[2][1] == "domain.released.v1"
        assert seen()[2][2]["reason"] == "sold"
        assert seen()[2][2]["actor"].startswith("cli:")


async def test_a_deleted_tenants_claims_are_released(
    environment: Mapping[str, str],
    kafka: str,
    rows: asyncpg.Connection,
    zone: Zone,
    start_process: Start,
) -> None:
    start_process("domain_verifier", "work", env=environment)
    tenant_id = await introduce(kafka, rows, "acme-gone")
    domain = zone.subject().domain.ascii
    code, output = await command(environment, "claim", domain, "-t", "acme-gone", "--json")
    assert code == 0, output
    await say(kafka, [tenant_event(tenant_id, 2, None)])

    async def released() -> bool:
        query = "SELECT state FROM claims WHERE tenant_id = $1"
        return bool(await rows.fetchval(query, tenant_id) == "released")

    await eventually(released, within=30)
    code, output = await command(environment, "list", "-t", "acme-gone")
    assert (code, "no tenant acme-gone" in output) == (1, True)


async def test_a_worker_that_got_sigkill_is_replaced(
    environment: Mapping[str, str],
    kafka: str,
    rows: asyncpg.Connection,
    zone: Zone,
    start_process: Start,
) -> None:
    patient = {
        **environment,
        "DOMAIN_VERIFIER_LEASE_SECONDS": "5",
        "DOMAIN_VERIFIER_DNS_TOTAL_SECONDS": "1",
        "DOMAIN_VERIFIER_DNS_ATTEMPT_SECONDS": "1",
    }
    stuck = {
        **environment,
        # dnsdist never answers for names below this one.
        "DOMAIN_VERIFIER_DNS_RESOLVERS": f"{zone.dnsdist},{zone.servers.resolvers[0]}",
        "DOMAIN_VERIFIER_LEASE_SECONDS": "14",
        "DOMAIN_VERIFIER_DNS_TOTAL_SECONDS": "4",
        "DOMAIN_VERIFIER_DNS_ATTEMPT_SECONDS": "4",
    }
    first = start_process("domain_verifier", "work", env={**stuck})
    await introduce(kafka, rows, "acme-kill")
    subject = zone.subject("drop.fault.test")
    code, output = await command(stuck, "claim", subject.domain.ascii, "-t", "acme-kill", "--json")
    assert code == 0, output

    async def leased() -> bool:
        return bool(await rows.fetchval("SELECT 1 FROM claims WHERE lease_id IS NOT NULL"))

    await eventually(leased, within=10, every=0.01)
    first.kill()
    # Leases are the database's business: shorten the dead one's rather than wait for it.
    await rows.execute("UPDATE claims SET leased_until = now() + interval '1 second'")
    second = start_process("domain_verifier", "work", env=patient)

    async def checked() -> bool:
        return bool(await rows.fetchval("SELECT count(*) FROM checks") == 1)

    await eventually(checked, within=30)
    assert await rows.fetchval("SELECT outcome FROM checks") == "unknown"
    assert second.returncode is None


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["claim", "gmail.com", "-t", "acme-bad"], 2, "gives mail addresses to the public"),
        (["claim", "co.uk", "-t", "acme-bad"], 2, "is a public suffix"),
        (["claim", "x.test", "-t", "nobody"], 1, "There is no tenant nobody"),
        (["claim", "x.test", "-t", "acme-free"], 1, "has no domain verification"),
        (["check", "other.test", "-t", "acme-bad"], 1, "This tenant has no claim other.test."),
        (["show", "nonsense", "-t", "acme-bad"], 1, "This tenant has no claim nonsense."),
        (["claim", "x.test", "-t", str(UUID(int=9))], 1, "has not told of it yet"),
        (["claim", "x.test", "-t", "\udcff"], 1, "There is no tenant"),
        (["breaker", "--accept"], 2, "Say how you know"),
        (["breaker", "--accept", "--reason", "they moved"], 1, "The breaker is not open"),
        (["attention", "not a name"], 2, "That is not a domain name"),
    ],
)
async def test_commands_refuse_in_a_sentence(
    environment: Mapping[str, str],
    rows: asyncpg.Connection,
    arguments: list[str],
    code: int,
    sentence: str,
) -> None:
    for number, (name, package) in enumerate([("acme-bad", "business"), ("acme-free", "free")]):
        await rows.execute(
            "INSERT INTO tenants VALUES ($1, $2, $3, 'active', 1)", UUID(int=number), name, package
        )
    ended, output = await command(environment, *arguments)
    assert ended == code
    assert sentence in output
    assert await rows.fetchval("SELECT count(*) FROM claims") == 0


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("DNS_RESOLVERS", "127.0.0.1", "at least two different resolvers"),
        ("DNS_RESOLVERS", "127.0.0.1,127.0.0.1:53", "at least two different resolvers"),
        ("DNS_RESOLVERS", "127.0.0.1,dns.acme.com", "'dns.acme.com' is not an IP address"),
        ("TEST_ZONES", "a b", "'a b' is not a domain name"),
        ("LEASE_SECONDS", "5", "must exceed three times"),
    ],
)
async def test_wrong_settings_stop_the_start(
    environment: Mapping[str, str], variable: str, value: str, sentence: str
) -> None:
    wrong = {**environment, f"DOMAIN_VERIFIER_{variable}": value}
    code, output = await command(wrong, "serve")
    assert code == 2
    assert sentence in output
    assert f"DOMAIN_VERIFIER_{variable}" in output


async def test_test_zones_are_refused_in_production(environment: Mapping[str, str]) -> None:
    code, output = await command({**environment, "ENVIRONMENT": "production"}, "serve")
    assert code == 2
    assert "DOMAIN_VERIFIER_TEST_ZONES must be empty in production" in output
