"""A DNS zone of the sandbox, for services that need resolvers and were given none.

Only in development: elsewhere a missing resolver is for the service to complain about.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import httpx

from embedded.group import ProcessGroup
from embedded.options import Options, Ports
from embedded.ports import HOST
from embedded.processes import Process, python_command
from embedded.services import Service
from embedded.waiting import until_ready

NAME = "dns-zone"
ZONE = "test"
PORTS = {"DNS_ZONE_PORT": 15_353, "DNS_ZONE_SECOND_PORT": 15_354}
CONTROL_PORT = 5_380
READY_SECONDS = 30


@dataclass(frozen=True, slots=True)
class DnsZone:
    """A zone that answers at two addresses, and where it is edited."""

    zone: str
    resolvers: str
    control: str

    def settings_for(self, service: Service) -> dict[str, str]:
        """Return what a service must know to ask this zone."""
        if service.resolvers is None:
            return {}
        settings = {
            name: text.format(zone=self.zone) for name, text in service.zone_settings.items()
        }
        return settings | {service.resolvers: self.resolvers}


def needs_zone(options: Options, services: Sequence[Service]) -> bool:
    """Tell whether a service asks DNS and nobody said whom."""
    if (options.setting("ENVIRONMENT") or "development") != "development":
        return False
    return any(each.resolvers and not options.setting(each.resolvers) for each in services)


async def start_zone(ports: Ports, group: ProcessGroup) -> DnsZone:
    """Serve an empty zone."""
    chosen = [str(ports.choose(setting, usual)) for setting, usual in PORTS.items()]
    control = ports.choose("DNS_ZONE_CONTROL_PORT", CONTROL_PORT)
    arguments = ["dns_sandbox", "serve", "--zone", ZONE, "--control", str(control)]
    for port in chosen:
        arguments += ["--port", port]
    process = Process(python_command(NAME, arguments, {}), group.logs, started=group.add)
    await process.start()
    url = f"http://{HOST}:{control}"
    async with httpx.AsyncClient(timeout=2, trust_env=False) as client:

        async def answers() -> bool:
            try:
                return (await client.get(f"{url}/zone")).is_success
            except httpx.HTTPError:
                return False

        await until_ready(process, answers, within=READY_SECONDS)
    return DnsZone(ZONE, ",".join(f"{HOST}:{port}" for port in chosen), url)
