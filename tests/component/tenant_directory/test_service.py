"""The directory as a process: from an event on Kafka to rows, and back to Kafka."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from urllib.request import urlopen
from uuid import UUID

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from chassis.database import create_pool, transaction
from chassis.ids import uuid7
from chassis.outbox import OutboxSignal, Relay, enqueue, outbox_record
from conformance.tenant_directory.harness import SteadyClock
from contracts import scim
from support.databases import DatabaseFactory
from support.processes import ServiceProcess
from support.waiting import eventually

pytestmark = pytest.mark.timeout(120)

Start = Callable[..., ServiceProcess]


class Scim:
    """Stands in for the SCIM service: an outbox and a relay."""

    def __init__(self, pool: asyncpg.Pool, signal: OutboxSignal) -> None:
        self._pool = pool
        self._signal = signal

    async def publish(self, tenant_id: UUID, *users: scim.ScimUser) -> None:
        now = SteadyClock().now()
        records = [
            outbox_record(
                "scim.user.created.v1",
                tenant_id=tenant_id,
                subject=str(user.user_id),
                data=scim.ScimUserCreated(user=user),
                now=now,
            )
            for user in users
        ]
        async with transaction(self._pool) as connection:
            await enqueue(connection, records)
        self._signal.notify()


@asynccontextmanager
async def scim_service(dsn: str, kafka: str) -> AsyncIterator[Scim]:
    pool = await create_pool(dsn, size=2)
    signal = OutboxSignal()
    relay = Relay(dsn=dsn, bootstrap=kafka, source="/services/scim", signal=signal)
    task = asyncio.create_task(relay.run())
    try:
        yield Scim(pool, signal)
    finally:
        task.cancel()
        await asyncio.wait([task])
        await pool.close()


@pytest.fixture
def environment(dsn: str, own_kafka: str) -> Mapping[str, str]:
    return {
        "DIRECTORY_DATABASE_URL": dsn,
        "DIRECTORY_HTTP_PORT": "0",
        "DIRECTORY_METRICS_PORT": "0",
        "KAFKA_BOOTSTRAP_SERVERS": own_kafka,
        "ENVIRONMENT": "test",
    }


async def command(environment: Mapping[str, str], *arguments: str) -> str:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tenant_directory", *arguments),
        env={**environment},
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 0
    return output.decode()


async def state_records(kafka: str, topic: str, key: str) -> list[bytes | None]:
    """Read all records of a key on a state topic."""
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, auto_offset_reset="earliest")
    await consumer.start()
    try:
        numbers = consumer.partitions_for_topic(topic) or await _partitions(consumer, topic)
        partitions = [TopicPartition(topic, number) for number in numbers]
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        values: list[bytes | None] = []
        for partition, end in ends.items():
            consumer.seek(partition, 0)
            while await consumer.position(partition) < end:
                batch = await consumer.getmany(partition, timeout_ms=1_000)
                for records in batch.values():
                    values += [record.value for record in records if record.key == key.encode()]
        return values
    finally:
        await consumer.stop()


async def _partitions(consumer: AIOKafkaConsumer, topic: str) -> set[int]:
    await consumer._client.add_topic(topic)
    return consumer.partitions_for_topic(topic) or set()


async def test_a_scim_event_is_applied_and_published_as_state(
    dsn: str,
    own_kafka: str,
    database: DatabaseFactory,
    environment: Mapping[str, str],
    start_process: Start,
) -> None:
    service = start_process("tenant_directory", "all", env=environment)
    tenant = json.loads(await command(environment, "tenant", "create", "acme", "--json"))
    tenant_id = UUID(tenant["id"])
    users = [
        scim.ScimUser(user_id=uuid7(), version=1, user_name=f"u{number}@acme.com", active=True)
        for number in range(50)
    ]

    async with scim_service(await database("chassis"), own_kafka) as provider:
        await provider.publish(tenant_id, *users)

        async def listed() -> bool:
            listing = await command(environment, "user", "list", "--tenant", "acme", "--json")
            return {user["id"] for user in json.loads(listing)} == {str(u.user_id) for u in users}

        await eventually(listed, within=60, every=0.5)

    key = f"{tenant_id}/{users[0].user_id}"

    async def state_published() -> bool:
        return len(await state_records(own_kafka, "directory-users", key)) == 1

    await eventually(state_published, within=30, every=0.5)
    [state] = await state_records(own_kafka, "directory-tenants", f"{tenant_id}/{tenant_id}")
    assert state is not None
    assert json.loads(state)["name"] == "acme"
    assert ready(service) == 200
    assert service.terminate() == 0


def ready(service: ServiceProcess) -> int:
    """Ask the service's own readiness for its status."""
    [line] = [line for line in service.output.splitlines() if "loop=metrics-http" in line]
    address = line.partition("address=")[2].split()[0]
    with urlopen(f"http://{address}/health/ready", timeout=10) as answer:
        return int(answer.status)
