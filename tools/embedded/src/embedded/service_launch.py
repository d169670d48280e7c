"""How a service is run: its settings, its processes, and when it counts as ready."""

from dataclasses import dataclass

import httpx

from embedded.backends import Backends
from embedded.concurrent import concurrently
from embedded.group import ProcessGroup
from embedded.options import Options, Ports
from embedded.ports import HOST
from embedded.processes import Process, python_command
from embedded.run_file import RunningService
from embedded.secret_store import SecretStore
from embedded.services import Service
from embedded.waiting import until_ready

READY_SECONDS = 90
METRICS_PORT_DISTANCE = 1_000


@dataclass(frozen=True, slots=True)
class ServiceLaunch:
    """A service with everything it needs to be run."""

    service: Service
    options: Options
    ports: Ports

    def describe(self, backends: Backends, store: SecretStore) -> RunningService:
        """Decide its address and settings; what was given in the environment comes first.

        All of that is part of what runs: commands of `embedded run` need it as well.
        """
        service = self.service
        given = service.settings_in(self.options.environment)
        host = given.get(service.variable("HTTP_HOST"), HOST)
        port = self.ports.of_service(service)
        url = f"http://{HOST if host == '0.0.0.0' else host}:{port}"
        metrics_variable = service.variable("METRICS_PORT")
        metrics_port = self.ports.choose(metrics_variable, service.port + METRICS_PORT_DISTANCE)
        defaults = {name: store.get(name) for name in service.secrets if name not in given}
        defaults |= {name: value.format(url=url) for name, value in service.settings.items()}
        if backends.zone is not None:
            defaults |= backends.zone.settings_for(service)
        database = backends.databases[service.name]
        migration = {service.variable("MIGRATION_DATABASE_URL"): database.owner}
        fixed = {
            "ENVIRONMENT": self.options.setting("ENVIRONMENT") or "development",
            "KAFKA_BOOTSTRAP_SERVERS": backends.bootstrap,
            service.variable("DATABASE_URL"): database.serving,
            service.variable("HTTP_HOST"): host,
            service.variable("HTTP_PORT"): str(port),
            metrics_variable: str(metrics_port),
        }
        # What serves never gets to know the owner of its tables.
        env = {
            name: value
            for name, value in (defaults | given | fixed).items()
            if name not in migration
        }
        return RunningService(
            service.name,
            service.package,
            url,
            health_url=f"http://{HOST}:{metrics_port}",
            dsn=database.serving,
            env=env,
            migration_env=migration,
        )

    async def start(self, running: RunningService, group: ProcessGroup, *, apart: bool) -> None:
        """Start its processes and wait until they are ready."""
        async with concurrently() as starting:
            for mode in ["serve", "work"] if apart else ["all"]:
                env, health = running.env, running.health_url
                if mode == "work":
                    variable = self.service.variable("WORK_METRICS_PORT")
                    usual = self.service.port + 2 * METRICS_PORT_DISTANCE
                    port = str(self.ports.choose(variable, usual))
                    env = env | {self.service.variable("METRICS_PORT"): port}
                    health = f"http://{HOST}:{port}"
                name = self.service.name if mode == "all" else f"{self.service.name}-{mode}"
                command = python_command(name, [self.service.package, mode], env)
                process = Process(command, group.logs, started=group.add)
                await process.start()
                running.processes.append(group.describe(process))
                starting.create_task(_until_healthy(process, health))


async def _until_healthy(process: Process, url: str) -> None:
    async with httpx.AsyncClient(timeout=2, trust_env=False) as client:

        async def answers() -> bool:
            try:
                return (await client.get(f"{url}/health/ready")).is_success
            except httpx.HTTPError:
                return False

        await until_ready(process, answers, within=READY_SECONDS)
