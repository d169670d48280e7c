"""A bus on either broker: every case here runs on both."""

from collections.abc import AsyncIterator

import pytest

from chassis.testing import LocalBroker
from support.bus import Broker, Bus, KafkaBroker, open_bus
from support.databases import DatabaseFactory


@pytest.fixture(params=["local", "kafka"])
def broker(request: pytest.FixtureRequest) -> Broker:
    """Return the broker in memory, and Kafka."""
    if request.param == "local":
        return LocalBroker()
    return KafkaBroker(request.getfixturevalue("kafka"))


@pytest.fixture
async def local_bus(database: DatabaseFactory) -> AsyncIterator[Bus]:
    """Return a bus on the broker in memory, for what only that can be made to do."""
    async with open_bus(LocalBroker(), database) as made:
        yield made


@pytest.fixture
async def bus(broker: Broker, database: DatabaseFactory) -> AsyncIterator[Bus]:
    """Return a bus on either broker, with PostgreSQL on both sides."""
    async with open_bus(broker, database) as made:
        yield made
