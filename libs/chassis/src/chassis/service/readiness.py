"""The readiness checks of services: database, migrations, broker, topics, who is out."""

from collections.abc import Sequence
from pathlib import Path

import asyncpg
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError

from chassis.bus import NOBODY, KafkaAccount
from chassis.database import migration_directories, pending_migrations, read_queries
from chassis.denied import DenyList
from chassis.observe import Check, NotReady

BROKER_TIMEOUT_MS = 2_000


def database_checks(pool: asyncpg.Pool, dsn: str, package: str) -> list[Check]:
    """Return the checks `database` and `migrations`."""
    query = read_queries("chassis.service", "readiness")["answer"]()

    async def answers() -> None:
        await pool.fetchval(*query, timeout=BROKER_TIMEOUT_MS / 1000)

    migrations = _Migrations(dsn, migration_directories(package))
    return [Check("database", answers), Check("migrations", migrations.probe)]


def broker_checks(
    bootstrap: str, topics: Sequence[str], *, account: KafkaAccount = NOBODY, essential: bool
) -> list[Check]:
    """Return the checks `broker` and `topics`.

    They are essential to a process that only works; one that answers HTTP goes on without a broker.
    """
    broker = _Broker(bootstrap, topics, account)
    return [
        Check("broker", broker.answers, essential),
        Check("topics", broker.has_topics, essential),
    ]


def denied_checks(denied: DenyList) -> list[Check]:
    """Return the check `denied`: whether the process knows who was signed out."""

    async def caught_up() -> None:
        if not denied.caught_up:
            raise NotReady("who was signed out is not known yet")

    return [Check("denied", caught_up)]


class _Migrations:
    """Remembers the good news: migrations only ever go forward."""

    def __init__(self, dsn: str, directories: Sequence[Path]) -> None:
        self._dsn = dsn
        self._directories = directories
        self._done = False

    async def probe(self) -> None:
        if self._done:
            return
        pending = await pending_migrations(self._dsn, *self._directories)
        if pending:
            raise NotReady(f"not applied: {', '.join(pending)}")
        self._done = True


class _Broker:
    def __init__(self, bootstrap: str, topics: Sequence[str], account: KafkaAccount) -> None:
        self._bootstrap = bootstrap
        self._account = account
        self._topics = frozenset(topics)

    async def answers(self) -> None:
        await self._known_topics()

    async def has_topics(self) -> None:
        missing = self._topics - await self._known_topics()
        if missing:
            raise NotReady(f"missing: {', '.join(sorted(missing))}")

    async def _known_topics(self) -> frozenset[str]:
        client = AIOKafkaClient(
            bootstrap_servers=self._bootstrap,
            request_timeout_ms=BROKER_TIMEOUT_MS,
            **self._account.options(),
        )
        try:
            await client.bootstrap()
            metadata = await client.fetch_all_metadata()
            return frozenset(metadata.topics())
        except KafkaError as error:
            raise NotReady("the broker does not answer, or not to this account") from error
        finally:
            await client.close()
