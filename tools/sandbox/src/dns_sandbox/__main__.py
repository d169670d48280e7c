"""`python -m dns_sandbox serve | publish | remove | misbehave | behave | show`."""

import asyncio
import json
from collections.abc import Callable
from typing import Annotated

import dns.name
import httpx
import typer
import uvicorn

from dns_sandbox.client import ZoneClient
from dns_sandbox.control import control_app
from dns_sandbox.server import serving
from dns_sandbox.zone import FaultKind, Zone

app = typer.Typer(help=__doc__, no_args_is_help=True, pretty_exceptions_enable=False)

Url = Annotated[
    str, typer.Option(envvar="DNS_SANDBOX_URL", help="The control API of a running zone.")
]
DEFAULT_URL = "http://127.0.0.1:5380"


@app.command()
def serve(
    port: Annotated[list[int], typer.Option(help="DNS port; give it twice for two resolvers.")],
    control: Annotated[int, typer.Option(help="Port of the control API.")] = 5380,
    host: str = "127.0.0.1",
    zone: Annotated[str, typer.Option(help="The zone that is served.")] = "test",
    ttl: Annotated[int, typer.Option(help="Seconds that answers may be kept.")] = 5,
) -> None:
    """Serve a zone until interrupted."""
    served = Zone(dns.name.from_text(zone), negative_ttl=ttl, ttl=ttl)

    async def run() -> None:
        config = uvicorn.Config(control_app(served), host=host, port=control, log_level="warning")
        async with serving(served, host=host, ports=port) as ports:
            dns_ports = ", ".join(str(number) for number in ports)
            typer.echo(f"zone {zone} at {host}, ports {dns_ports}; control API at {control}")
            await uvicorn.Server(config).serve()

    try:
        asyncio.run(run())
    except OSError as error:
        typer.echo(f"The DNS sandbox cannot start: {error}", err=True)
        raise typer.Exit(1) from None


@app.command()
def publish(
    name: str,
    values: list[str],
    type: Annotated[str, typer.Option(help="Record type.")] = "TXT",
    url: Url = DEFAULT_URL,
) -> None:
    """Publish records, replacing those of the same type."""
    _do(url, lambda client: client.publish(name, *values, type=type))


@app.command()
def remove(name: str, url: Url = DEFAULT_URL) -> None:
    """Remove the records at a name."""
    _do(url, lambda client: client.remove(name))


@app.command()
def misbehave(name: str, fault: FaultKind, seconds: float = 2.0, url: Url = DEFAULT_URL) -> None:
    """Let a name and all names below it misbehave."""
    _do(url, lambda client: client.set_fault(name, fault.value, seconds=seconds))


@app.command()
def behave(name: str, url: Url = DEFAULT_URL) -> None:
    """Let a name behave again."""
    _do(url, lambda client: client.clear_fault(name))


@app.command()
def show(url: Url = DEFAULT_URL) -> None:
    """Print what is published."""
    _do(url, lambda client: typer.echo(json.dumps(client.records(), indent=2)))


def _do(url: str, work: Callable[[ZoneClient], None]) -> None:
    try:
        with ZoneClient(url) as client:
            work(client)
    except ValueError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    except httpx.HTTPError as error:
        typer.echo(f"No DNS sandbox answers at {url}: {error}", err=True)
        raise typer.Exit(1) from None


if __name__ == "__main__":
    app(prog_name="dns_sandbox")
