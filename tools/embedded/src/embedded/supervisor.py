"""Runs the whole stack: servers, then migrations and topics, then services, in this order.

Either everything runs or nothing does: when one part ends by itself, the rest is stopped and the
reason is told.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict

from embedded.backends import Backends, start_backends
from embedded.concurrent import concurrently, ends_before, stop_on_signals
from embedded.dns_zone import NAME as ZONE_PROCESS
from embedded.errors import EmbeddedError
from embedded.group import ProcessGroup
from embedded.logs import Logs
from embedded.options import Options, Ports
from embedded.processes import Process, python_command
from embedded.run_file import Run, RunDirectory, RunningProcess, RunningService
from embedded.secret_store import SecretStore
from embedded.service_launch import ServiceLaunch
from embedded.services import Service
from embedded.sign_on import PROCESSES as SANDBOX_PROCESSES
from embedded.sign_on import SignOnSandbox, wants_sign_on

ONE_SHOT_SECONDS = 120


class Supervisor:
    """Starts, watches and stops one stack in one data directory."""

    def __init__(self, options: Options, services: Sequence[Service]) -> None:
        self._options = options
        self._services = services
        self._ports = Ports(options)
        self._directory = RunDirectory(options.data)

    async def run(self, *, ready: Callable[[Run], None]) -> None:
        """Run until a signal arrives; raise when a part fails."""
        stop = asyncio.Event()
        async with self._group(stop) as group:
            starting = asyncio.create_task(self._start(group))
            if not await ends_before(starting, stop):
                return
            run = starting.result()
            self._directory.write(run)
            ready(run)
            ending = asyncio.create_task(group.until_one_ends())
            if await ends_before(ending, stop):
                raise EmbeddedError(ending.result())

    async def _start(self, group: ProcessGroup) -> Run:
        store = SecretStore(self._options.data / "secrets.json")
        backends = await start_backends(
            self._options, self._services, ports=self._ports, group=group, store=store
        )
        launches = [ServiceLaunch(each, self._options, self._ports) for each in self._services]
        services = [launch.describe(backends, store) for launch in launches]
        await self._prepare(services, backends, group.logs)
        group.stage()
        sandbox: SignOnSandbox | None = None
        async with concurrently() as starting:
            for launch, service in zip(launches, services, strict=True):
                starting.create_task(launch.start(service, group, apart=self._options.apart))
                if service.package == "sso" and wants_sign_on(self._options):
                    sandbox = SignOnSandbox.on(self._ports, service, self._options.data)
                    starting.create_task(sandbox.start(group))
        return self._describe(group, backends, services, sandbox)

    async def _prepare(
        self, services: Sequence[RunningService], backends: Backends, logs: Logs
    ) -> None:
        """Migrate every database and make the topics, all at the same time."""

        async def once(name: str, arguments: Sequence[str], env: Mapping[str, str]) -> None:
            await Process(python_command(name, arguments, env), logs).run(within=ONE_SHOT_SECONDS)

        topics = ["chassis.bus.topics", "--bootstrap", backends.bootstrap]
        async with concurrently() as preparing:
            preparing.create_task(once("topics", topics, {}))
            for service in services:
                name = f"{service.name}-migrate"
                env = service.env | service.migration_env
                preparing.create_task(once(name, [service.package, "migrate"], env))

    def _describe(
        self,
        group: ProcessGroup,
        backends: Backends,
        services: Sequence[RunningService],
        sandbox: SignOnSandbox | None,
    ) -> Run:
        processes = group.describe_all()
        return Run(
            supervisor=RunningProcess.of_this_process(str(group.logs.path("all"))),
            data=str(self._options.data),
            python=sys.executable,
            postgres={
                "dsn": backends.server,
                "version": backends.versions["postgres"],
                "process": processes.get("postgres"),
            },
            kafka={
                "bootstrap": backends.bootstrap,
                "version": backends.versions["kafka"],
                "process": processes.get("kafka"),
            },
            services={service.name: service for service in services},
            dns={**asdict(backends.zone), "process": processes[ZONE_PROCESS]}
            if backends.zone
            else {},
            sign_on={
                **sandbox.facts(),
                "processes": [processes[each] for each in SANDBOX_PROCESSES],
            }
            if sandbox
            else {},
        )

    @asynccontextmanager
    async def _group(self, stop: asyncio.Event) -> AsyncIterator[ProcessGroup]:
        """Hold the data directory and the processes; stop them on the way out, whatever it is."""
        with self._directory.locked():
            logs = Logs(self._options.data / "logs")
            group = ProcessGroup(self._options.data, logs)
            stop_on_signals(stop, group.kill)
            try:
                yield group
            finally:
                self._directory.file.unlink(missing_ok=True)
                await group.stop()
                self._ports.close()
                logs.close()
