"""The one table: what was measured, what the floor needs, what the budget allows."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.measure import Measured
from bench.phases import PHASES
from bench.steady import Steady

VISIBLE_BUDGET_MS = 100.0
STATEMENT_SLACK = 0.1
"""Batched work off the path (the log of reads, the token cache) shows as a small fraction."""


@dataclass(slots=True)
class Results:
    """Everything one run has found out."""

    scim: Sequence[Measured]
    floor: Sequence[Measured]
    statements: Mapping[str, float]
    steady: Steady | None
    setup: dict[str, Any] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """Return the results for a JSON file."""
        budgets = {
            phase.name: {"cpu_of_floor": phase.budget, "statements": phase.budget_statements}
            for phase in PHASES
        }
        return {**asdict(self), "budgets": budgets}


def print_results(console: Console, results: Results) -> None:
    """Draw the table and what it means."""
    console.print(_phases_table(results))
    if results.steady is not None:
        console.print(_steady_line(results.steady))
    missed = over_budget(results)
    load = results.setup["load"]
    console.print(
        f"[dim]Load of the machine before the run: {load:.1f} on {results.setup['cpus']} CPUs. "
        "CPU ms are the serving process's own, while nothing publishes what it writes; the floor "
        "does the same reads and INSERTs, phase by phase in turn, and drifts as the machine does: "
        "budgets are multiples of it.[/]"
    )
    verdict = f"over budget: {', '.join(missed)}" if missed else "every budget is kept"
    console.print(f"[bold {'yellow' if missed else 'green'}]{verdict}[/]")


def over_budget(results: Results) -> list[str]:
    """Name every phase that costs more than it may, by what does not depend on the machine."""
    missed = []
    ratios = ratios_to_floor(results)
    for phase in PHASES:
        if phase.budget is not None and ratios.get(phase.name, 0) > phase.budget:
            missed.append(f"{phase.name} (CPU)")
        if results.statements.get(phase.name, 0) > phase.budget_statements + STATEMENT_SLACK:
            missed.append(f"{phase.name} (statements)")
    return missed


def ratios_to_floor(results: Results) -> dict[str, float]:
    """Return the CPU of each phase as a multiple of the floor's in the same run."""
    floor = {each.name: each.cpu_ms for each in results.floor}
    return {
        each.name: each.cpu_ms / floor[each.name] for each in results.scim if floor.get(each.name)
    }


def _phases_table(results: Results) -> Table:
    table = Table(
        title="SCIM: one serving process, concurrency 16, milliseconds", title_justify="left"
    )
    table.add_column("phase", no_wrap=True)
    columns = ("req/s", "p50", "p99", "CPU", "floor", "ratio", "≤ratio", "SQL", "≤SQL")
    for name in columns:
        table.add_column(name, justify="right", no_wrap=True)
    floor = {each.name: each for each in results.floor}
    ratios = ratios_to_floor(results)
    for phase, each in zip(PHASES, results.scim, strict=True):
        statements = results.statements.get(phase.name)
        table.add_row(
            phase.name,
            f"{each.per_second:.0f}",
            f"{each.p50_ms:.1f}",
            f"{each.p99_ms:.1f}",
            f"{each.cpu_ms:.2f}",
            f"{floor[phase.name].cpu_ms:.2f}" if phase.name in floor else "-",
            _ratio(ratios.get(phase.name), phase.budget),
            "-" if phase.budget is None else f"{phase.budget:.1f}",
            "-"
            if statements is None
            else _judged(
                statements, phase.budget_statements + STATEMENT_SLACK, f"{statements:.1f}"
            ),
            f"{phase.budget_statements:.0f}",
        )
    return table


def _steady_line(steady: Steady) -> str:
    p99 = _judged(steady.p99_ms, VISIBLE_BUDGET_MS, f"{steady.p99_ms:.0f}")
    return (
        f"SCIM answer → visible in the directory, {steady.per_second:.0f} events/s, "
        f"{steady.events} events: p50 {steady.p50_ms:.0f} ms, p99 {p99} ms "
        f"(budget {VISIBLE_BUDGET_MS:.0f}), worst {steady.worst_ms:.0f} ms"
    )


def _ratio(ratio: float | None, budget: float | None) -> str:
    if ratio is None:
        return "-"
    return f"{ratio:.2f}" if budget is None else _judged(ratio, budget, f"{ratio:.2f}")


def _judged(value: float, budget: float, text: str) -> str:
    return f"[{'green' if value <= budget else 'red'}]{text}[/]"
