"""The SCIM surface on a database of its own."""

from collections.abc import AsyncIterator

import pytest

from component.scim.harness import Client, Surface, open_surface
from component.scim.served import Served, serve_surface
from support.databases import DatabaseFactory


@pytest.fixture
async def surface(database: DatabaseFactory) -> AsyncIterator[Surface]:
    async with open_surface(await database("scim")) as surface:
        yield surface


@pytest.fixture
async def acme(surface: Surface) -> Client:
    return await surface.tenant("acme")


@pytest.fixture
async def served(database: DatabaseFactory) -> AsyncIterator[Served]:
    async with serve_surface(await database("scim")) as served:
        yield served
