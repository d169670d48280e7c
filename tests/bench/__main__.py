"""`python -m bench`: what the SCIM service costs, against its budget and against the floor."""

import json
from pathlib import Path
from typing import Annotated

import typer
import uvloop
from rich.console import Console

from bench.measure import BenchError
from bench.run import Plan, run_bench
from bench.table import Results, over_budget, print_results
from bench.trace_sink import trace_sink
from demo.stack import StackError, interrupted_by_sigterm, running_stack

UNLIMITED = "1000000"
MEMBERS = 20_000
BIG_MEMBERS = 200_000


def main(
    run_file: Annotated[
        Path | None, typer.Option("--run", help="run.json of a stack that is up already.")
    ] = None,
    big: Annotated[bool, typer.Option(help="A big group of 200,000 members.")] = False,
    members: Annotated[int, typer.Option(min=100, help="Members of the big group.")] = MEMBERS,
    share: Annotated[float, typer.Option(min=0.01, max=10, help="Of the usual requests.")] = 1.0,
    steady: Annotated[float, typer.Option(min=0, help="Seconds at 300 events/s.")] = 15.0,
    floor: Annotated[bool, typer.Option(help="Measure the floor too.")] = True,
    save: Annotated[Path | None, typer.Option(help="Write the results as JSON.")] = None,
) -> None:
    """Measure the SCIM phases of the design's budget table."""
    console = Console()
    plan = Plan(BIG_MEMBERS if big else members, share, steady, floor)
    try:
        results = _run(console, run_file, plan)
    except (BenchError, StackError) as error:
        console.print(f"[bold red]The bench failed:[/] {error}", markup=True)
        raise typer.Exit(1) from error
    except KeyboardInterrupt:
        console.print("Interrupted; everything is stopped.")
        raise typer.Exit(130) from None
    print_results(console, results)
    if save is not None:
        save.write_text(json.dumps(results.document(), indent=2) + "\n")
        console.print(f"Results: {save}")
    if over_budget(results):
        raise typer.Exit(1)


def _run(console: Console, run_file: Path | None, plan: Plan) -> Results:
    with interrupted_by_sigterm(), trace_sink() as traces:
        # One tenant sends more here than any real one may: only the limit is lifted, not the work.
        settings = {
            "SCIM_TENANT_REQUESTS_PER_SECOND": UNLIMITED,
            "SCIM_TENANT_BYTES_PER_SECOND": f"{UNLIMITED}000",
            "SCIM_TENANT_CONCURRENT_REQUESTS": "64",
            "OTEL_EXPORTER_OTLP_ENDPOINT": traces,
            "LOG_LEVEL": "info",
        }
        with running_stack(run_file, apart=True, env=settings) as stack:
            return uvloop.run(run_bench(console, stack, plan))


if __name__ == "__main__":
    typer.run(main)
