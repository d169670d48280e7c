"""No service answers below `/api` without asking who is there."""

from importlib import import_module
from typing import Any

import pytest

from chassis.http import unguarded
from chassis.service import Mode, Service
from support.databases import DatabaseFactory
from support.repository import SERVICE_PACKAGES

NEEDED = {
    "kafka_bootstrap_servers": "127.0.0.1:1",
    "dns_resolvers": "127.0.0.1:1,127.0.0.2:1",
    "token_digest_key": "k" * 32,
    "encryption_keys": "a" * 43 + "=",
    "public_url": "https://portico.test",
}


@pytest.mark.parametrize("name", SERVICE_PACKAGES)
async def test_every_admin_route_has_a_guard(database: DatabaseFactory, name: str) -> None:
    service: Service[Any] = import_module(f"{SERVICE_PACKAGES[name]}.wiring").SERVICE
    needed = {key: text for key, text in NEEDED.items() if key in service.settings.model_fields}
    settings = service.settings(database_url=await database(name), **needed)

    async with service.build(settings, Mode.SERVE) as parts:
        assert unguarded(parts.app.routes) == []
