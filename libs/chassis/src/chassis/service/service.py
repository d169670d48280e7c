"""One entry point for every service: `python -m <service> serve | work | all | migrate | …`.

`serve` answers HTTP, `work` runs relay and consumers, `all` does both in one process. A service
brings its parts; this module only starts and stops them.
"""

import asyncio
import gc
import os
import sys
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, NoReturn, TypeVar

import structlog
import typer
import uvloop
from starlette.types import ASGIApp

from chassis.cli import bus_cli
from chassis.database import (
    DATABASE_FAILURES,
    MigrationFailed,
    append_only_tables,
    grant_to_serving_role,
    migrate,
    migration_directories,
)
from chassis.http import StartFailed, http_loop, listen, operations_application
from chassis.loops import Heartbeats, Loop, LoopDied, run_until_signalled
from chassis.observe import (
    configure_logging,
    configure_tracing,
    operations_routes,
    polling,
    tracing,
)
from chassis.service.parts import Mode, Parts
from chassis.settings import ChassisSettings, load_settings, variable_of

log = structlog.get_logger()


S = TypeVar("S", bound=ChassisSettings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service(Generic[S]):
    """A service: its names, its settings, and how to wire it."""

    name: str
    """`tenant-directory`: CloudEvents source, topic producer and consumer group."""
    package: str
    settings: type[S]
    build: Callable[[S, Mode], AbstractAsyncContextManager[Parts]]
    cli: typer.Typer = field(default_factory=typer.Typer)
    """Holds the service's own commands."""


def service_cli(service: Service[S]) -> typer.Typer:
    """Return the service's commands together with those that every service has."""
    cli = service.cli
    cli.info.no_args_is_help = True
    cli.info.help = cli.info.help or f"The {service.name} service of Portico."
    # Typer's own tracebacks show local variables, and those may be secrets.
    cli.pretty_exceptions_enable = False

    @cli.command()
    def serve() -> None:
        """Answer HTTP."""
        _start(service, Mode.SERVE)

    @cli.command()
    def work() -> None:
        """Run the relay and the consumers."""
        _start(service, Mode.WORK)

    @cli.command(name="all")
    def everything() -> None:
        """Do both in one process."""
        _start(service, Mode.ALL)

    @cli.command(name="migrate")
    def migrate_database() -> None:
        """Bring the database to the newest schema."""
        settings = _prepare(service)
        _run(_migrate(service, settings))
        log.info("database.migrated")

    cli.add_typer(bus_cli(lambda: _prepare(service).database_url), name="bus")
    return cli


async def run_service(service: Service[S], settings: S, mode: Mode) -> None:
    """Wire the service and run it until it is told to stop."""
    heartbeats = Heartbeats()
    async with service.build(settings, mode) as parts:
        loops = _loops(parts, settings, mode, heartbeats)
        # What the start has built stays for good: the collector need not look at it again.
        gc.collect()
        gc.freeze()
        log.info("service.started", mode=mode.value, pid=os.getpid())
        grace = settings.shutdown_grace_seconds
        await run_until_signalled(loops, grace=grace, heartbeats=heartbeats)
    log.info("service.stopped", mode=mode.value)


async def _migrate(service: Service[S], settings: S) -> None:
    owner = settings.migration_database_url or settings.database_url
    await migrate(owner, *migration_directories(service.package))
    await grant_to_serving_role(owner, settings.database_url, append_only_tables(service.package))


def _loops(parts: Parts, settings: ChassisSettings, mode: Mode, beats: Heartbeats) -> list[Loop]:
    """Put the loops in the order in which they start; they stop in the opposite one."""
    operations = operations_application(operations_routes(beats, parts.checks))
    loops = [_http(operations, settings, "metrics"), *parts.loops]
    if parts.polls:
        loops.append(polling(parts.polls))
    if mode.serves:
        loops.append(_http(parts.app, settings, "http"))
    return loops


def _http(app: ASGIApp, settings: ChassisSettings, kind: Literal["http", "metrics"]) -> Loop:
    host, port = getattr(settings, f"{kind}_host"), getattr(settings, f"{kind}_port")
    listening = listen(host, port, variable=variable_of(type(settings), f"{kind}_port"))
    host, port = listening.getsockname()[:2]
    name = "http" if kind == "http" else "metrics-http"
    log.info("http.listening", address=f"{host}:{port}", loop=name)
    return http_loop(app, listening, name=name, grace=settings.shutdown_grace_seconds)


def _start(service: Service[S], mode: Mode) -> None:
    settings = _prepare(service)
    configure_tracing(
        service=service.name,
        endpoint=settings.otel_exporter_otlp_endpoint,
        ratio=settings.trace_sample_ratio,
    )
    try:
        _run(run_service(service, settings, mode))
    finally:
        tracing().shutdown()


def _prepare(service: Service[S]) -> S:
    settings = load_settings(service.settings)
    configure_logging(
        service=service.name, environment=settings.environment, level=settings.log_level
    )
    return settings


def _run(main: Coroutine[Any, Any, None]) -> None:
    """Run to the end; a failure that was foreseen is told in one sentence."""
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(main)
    except (StartFailed, MigrationFailed) as error:
        _end(str(error))
    except LoopDied as error:
        log.critical("process.died", loop=error.name)
        raise SystemExit(1) from None
    except DATABASE_FAILURES as error:
        _end(f"The start failed, because something it needs cannot be reached: {error}")
    except KeyboardInterrupt:
        raise SystemExit(130) from None


def _end(sentence: str) -> NoReturn:
    log.critical("process.failed", reason=sentence)
    sys.stderr.flush()
    raise SystemExit(1)
