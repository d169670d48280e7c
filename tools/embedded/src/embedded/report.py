"""What the person at the keyboard sees: a table of addresses."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from embedded.run_file import Run, RunningProcess
from embedded.services import SERVICES


def print_addresses(run: Run, *, seconds: float) -> None:
    """Print where everything is."""
    entry_paths = {service.name: service.entry_path for service in SERVICES}
    table = Table(title=f"Portico is up, after {seconds:.1f} s", title_justify="left")
    for heading in ("part", "address", "process"):
        table.add_column(heading, overflow="fold")
    for service in run.services.values():
        processes = ", ".join(str(process.pid) for process in service.processes)
        entry_path = entry_paths.get(service.name, "")
        table.add_row(service.name, Text(f"{service.url}{entry_path}"), processes)
        table.add_row("", Text(f"{service.health_url}/health/ready"), "")
    table.add_row(
        f"kafka {run.kafka['version']}", Text(str(run.kafka["bootstrap"])), _pid(run.kafka)
    )
    server = str(run.postgres["dsn"]).rpartition("@")[2] if run.postgres["dsn"] else "by service"
    table.add_row(f"postgresql {run.postgres['version']}", Text(server), _pid(run.postgres))
    if run.dns:
        asked = f"{run.dns['control']}/zone, asked at {run.dns['resolvers']}"
        table.add_row(f"dns zone {run.dns['zone']}", Text(asked), _pid(run.dns))
    for part, name in (("sandbox entra", "identity_provider"), ("demo app", "app")):
        if run.sign_on:
            table.add_row(part, Text(str(run.sign_on[name])), "")
    console = Console()
    console.print(table)
    console.print(f"Everything about it, passwords too: {run.data}/run.json", soft_wrap=True)
    console.print(f"Logs: {run.data}/logs/all.log, and one file for each part", soft_wrap=True)
    console.print("A tenant with a SCIM token: make tenant NAME=acme. Ctrl-C or make down stops.")
    if run.sign_on:
        console.print("A tenant whose people can sign in to the demo app: make sign-on NAME=acme.")


def _pid(server: dict[str, object]) -> str:
    process = server["process"]
    return str(process.pid) if isinstance(process, RunningProcess) else "given"
