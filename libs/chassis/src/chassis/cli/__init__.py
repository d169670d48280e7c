"""What every service's command line shares."""

from chassis.cli.bus import bus_cli
from chassis.cli.commands import REFUSED, Runner, actor, command_pool
from chassis.cli.printing import (
    Facts,
    Json,
    Limit,
    TenantOption,
    print_facts,
    print_json,
    print_line,
    print_rows,
    print_stream,
    say,
)

__all__ = [
    "REFUSED",
    "Facts",
    "Json",
    "Limit",
    "Runner",
    "TenantOption",
    "actor",
    "bus_cli",
    "command_pool",
    "print_facts",
    "print_json",
    "print_line",
    "print_rows",
    "print_stream",
    "say",
]
