"""`bus status`, `redrive` and `skip`: what an operator is told, in sentences and exit codes."""

import asyncio
import json
from uuid import UUID

import asyncpg
import pytest
from typer.testing import CliRunner, Result

from chassis.cli import bus_cli
from support.databases import DatabaseFactory

ADA, TOPIC = UUID(int=1), "scim-events"
NOBODY = "postgresql://nobody@127.0.0.1:9/none"
ASK = ["--tenant", str(ADA), "--topic", TOPIC, "--note", "fixed in 1.2"]


@pytest.fixture
async def dsn(database: DatabaseFactory) -> str:
    return await database("chassis")


def bus(dsn: str, *arguments: str) -> Result:
    return CliRunner().invoke(bus_cli(lambda: dsn), list(arguments))


def test_an_empty_bus_says_so(dsn: str) -> None:
    shown = bus(dsn, "status")
    assert shown.exit_code == 0
    assert shown.stdout.splitlines() == [
        "Outbox: 0 waiting, the oldest for 0.0 s.",
        "Cannot be sent: none.",
        "Offsets: none.",
        "Parked: none.",
    ]
    assert json.loads(bus(dsn, "status", "--json").stdout) == {
        "outbox_pending": 0,
        "relay_lag_seconds": 0.0,
        "blocked": [],
        "offsets": [],
        "parked": [],
    }


@pytest.mark.parametrize("action", ["redrive", "skip"])
def test_where_nothing_is_parked_nothing_can_be_done(dsn: str, action: str) -> None:
    refused = bus(dsn, action, *ASK, "--wait", "0")
    assert refused.exit_code == 1
    assert refused.stderr.startswith(f"Nothing to {action}: ")
    assert "`bus status` lists what is parked." in refused.stderr


@pytest.mark.parametrize(
    "arguments",
    [["status"], ["history"], ["redrive", *ASK], ["skip", *ASK]],
    ids=lambda arguments: arguments[0],
)
def test_a_database_that_is_away_is_one_sentence(arguments: list[str]) -> None:
    refused = bus(NOBODY, *arguments)
    assert refused.exit_code == 1
    assert refused.stderr.startswith("The database cannot be reached: ")
    assert len(refused.stderr.splitlines()) == 1


async def test_a_database_without_tables_says_what_to_run(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute("DROP TABLE outbox CASCADE")
    await connection.close()
    refused = await asyncio.to_thread(bus, dsn, "status")
    assert (refused.exit_code, refused.stderr) == (
        1,
        "The database has no bus tables yet: run `migrate` first.\n",
    )


@pytest.mark.parametrize("missing", ["--tenant", "--topic", "--note"])
def test_who_what_and_why_have_to_be_said(dsn: str, missing: str) -> None:
    at = ASK.index(missing)
    refused = bus(dsn, "skip", *ASK[:at], *ASK[at + 2 :])
    assert (refused.exit_code, missing in refused.stderr) == (2, True)
