"""A service of a few lines, run as a process of its own by the tests of this directory."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from pydantic_settings import SettingsConfigDict
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from chassis.database import create_pool
from chassis.http import create_app, limits_of
from chassis.loops import Loop, beat
from chassis.observe import Check
from chassis.outbox import outbox_poll
from chassis.service import Mode, Parts, Service, service_cli
from chassis.service.readiness import database_checks
from chassis.settings import ChassisSettings


class Settings(ChassisSettings):
    """Settings of the demo."""

    model_config = SettingsConfigDict(env_prefix="DEMO_")


async def work() -> None:
    """Beat, and die when told to."""
    while True:
        beat()
        if os.environ.get("DEMO_DIES"):
            raise RuntimeError("as asked")
        await asyncio.sleep(0.05)


async def slow(request: Request) -> Response:
    """Say that it began, and answer after a while."""
    structlog.get_logger().info("demo.begun")
    await asyncio.sleep(float(request.query_params["seconds"]))
    return Response("done")


@asynccontextmanager
async def build(settings: Settings, mode: Mode) -> AsyncIterator[Parts]:
    """Wire the demo."""
    pool = await create_pool(settings.database_url, size=1)
    checks: list[Check] = database_checks(pool, settings.database_url, "scim")[:1]
    app = create_app("demo", limits=limits_of(settings))
    app.router.routes.append(Route("/slow", slow, name="demo.slow"))
    loops = [Loop("worker", work)] if mode.works else []
    yield Parts(app=app, loops=loops, checks=checks, polls=[outbox_poll(pool)])
    await pool.close()


if __name__ == "__main__":
    service_cli(Service(name="demo", package="scim", settings=Settings, build=build))()
