"""What a service answers publicly is reached through the gateway, at that service."""

import re
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import pytest
from fastapi.routing import iter_route_contexts
from starlette.routing import BaseRoute

from chassis.service import Mode, Service
from component.test_access import NEEDED
from support.databases import DatabaseFactory
from support.gateway import Gateway
from support.repository import SERVICE_PACKAGES

NOT_PUBLIC: dict[str, str] = {}
"""Paths that are not reached from outside, each with its reason."""


def paths(routes: Sequence[BaseRoute]) -> list[str]:
    """Return an example of each path."""
    found = [route.path for route in iter_route_contexts(routes)]
    return [re.sub(r"\{[^}]*\}", "x", path) for path in found if path]


@pytest.mark.parametrize("name", SERVICE_PACKAGES)
async def test_what_a_service_answers_is_reached(database: DatabaseFactory, name: str) -> None:
    service: Service[Any] = import_module(f"{SERVICE_PACKAGES[name]}.wiring").SERVICE
    needed = {key: text for key, text in NEEDED.items() if key in service.settings.model_fields}
    settings = service.settings(database_url=await database(name), **needed)
    gateway = Gateway.read()
    async with service.build(settings, Mode.SERVE) as parts:
        answered = paths(parts.app.routes)
        if parts.app.surface is not None:
            answered.append(f"{parts.app.surface.prefix}x/Users")
    for path in answered:
        upstream = gateway.upstream(path)
        if path not in NOT_PUBLIC:
            assert upstream is not None, path
            assert upstream.service == name, path
