"""The sign-on service with a tenant whose connection is active."""

from collections.abc import AsyncIterator

import pytest

from chassis.clock import SystemClock
from component.sso.harness import SignOn, TestClock, open_sign_on
from support.databases import DatabaseFactory


@pytest.fixture
async def sso(database: DatabaseFactory) -> AsyncIterator[SignOn]:
    async with open_sign_on(await database("sso"), TestClock(SystemClock())) as made:
        yield made
