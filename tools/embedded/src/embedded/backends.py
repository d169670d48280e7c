"""The servers that services stand on: those that were given, or PostgreSQL, Kafka, DNS from here.

All start at the same time. What was given is used as it is, and never stopped.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import asyncpg

from embedded.concurrent import concurrently
from embedded.databases import ServiceDatabase, ensure_database
from embedded.dns_zone import DnsZone, needs_zone, start_zone
from embedded.errors import EmbeddedError
from embedded.group import ProcessGroup
from embedded.kafka import KAFKA_VERSION, KafkaBroker
from embedded.options import KAFKA_CONTROLLER_PORT, KAFKA_PORT, POSTGRES_PORT, Options, Ports
from embedded.postgres import PostgresServer
from embedded.secret_store import SecretStore
from embedded.services import Service

GIVEN = "given"


@dataclass(frozen=True, slots=True)
class Backends:
    """Where broker, databases and DNS are, and what runs here of them."""

    bootstrap: str
    databases: dict[str, ServiceDatabase]
    """By the name of the service."""
    server: str | None = None
    """DSN of the PostgreSQL superuser, where there is one."""
    versions: dict[str, str] = field(default_factory=dict)
    zone: DnsZone | None = None
    """The DNS zone of the sandbox, where no resolvers were given."""


async def start_backends(
    options: Options,
    services: Sequence[Service],
    *,
    ports: Ports,
    group: ProcessGroup,
    store: SecretStore,
) -> Backends:
    """Start what is not given and make each service's database."""
    group.stage()
    async with concurrently() as starting:
        server = starting.create_task(_postgres(options, services, ports, group, store))
        broker = starting.create_task(_kafka(options, ports, group))
        zone = starting.create_task(_zone(options, services, ports, group))
    dsn, postgres_version = server.result()
    bootstrap, kafka_version = broker.result()
    databases = {
        service.name: _given(options, service) or await _database(dsn, service, store)
        for service in services
    }
    versions = {"postgres": postgres_version, "kafka": kafka_version}
    return Backends(bootstrap, databases, dsn, versions, zone.result())


async def _postgres(
    options: Options,
    services: Sequence[Service],
    ports: Ports,
    group: ProcessGroup,
    store: SecretStore,
) -> tuple[str | None, str]:
    if given := options.setting("DATABASE_URL"):
        return given, GIVEN
    if all(options.setting(service.variable("DATABASE_URL")) for service in services):
        return None, GIVEN
    server = PostgresServer(
        data=options.data / "postgres",
        port=ports.choose("POSTGRES_PORT", POSTGRES_PORT),
        password=store.get("postgres"),
        logs=group.logs,
        started=group.add,
    )
    await server.start()
    return server.dsn(), await server.version()


async def _kafka(options: Options, ports: Ports, group: ProcessGroup) -> tuple[str, str]:
    if given := options.setting("KAFKA_BOOTSTRAP_SERVERS"):
        return given, GIVEN
    broker = KafkaBroker(
        data=options.data / "kafka",
        port=ports.choose("KAFKA_PORT", KAFKA_PORT),
        controller_port=ports.choose("KAFKA_CONTROLLER_PORT", KAFKA_CONTROLLER_PORT),
        logs=group.logs,
        started=group.add,
    )
    await broker.start()
    return broker.bootstrap, KAFKA_VERSION


async def _zone(
    options: Options, services: Sequence[Service], ports: Ports, group: ProcessGroup
) -> DnsZone | None:
    return await start_zone(ports, group) if needs_zone(options, services) else None


def _given(options: Options, service: Service) -> ServiceDatabase | None:
    serving = options.setting(service.variable("DATABASE_URL"))
    if serving is None:
        return None
    owner = options.setting(service.variable("MIGRATION_DATABASE_URL"))
    return ServiceDatabase(serving, owner or serving)


async def _database(server: str | None, service: Service, store: SecretStore) -> ServiceDatabase:
    if server is None:
        raise EmbeddedError(f"{service.variable('DATABASE_URL')} is missing.")
    try:
        return await ensure_database(
            server,
            name=service.database,
            password=store.get(f"database/{service.database}"),
            owner_password=store.get(f"database/{service.database}_owner"),
        )
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        raise EmbeddedError(
            f"The database {service.database} could not be made: {error}."
            " DATABASE_URL must name a server whose user may create databases and roles."
        ) from error
