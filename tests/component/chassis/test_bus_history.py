"""`bus history`: who redrove or skipped which parked events, when and why."""

import json
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import pytest
from typer.testing import CliRunner

from chassis.cli import bus_cli
from support.databases import DatabaseFactory

ADA, BOB = UUID(int=1), UUID(int=2)


def _at(hour: int) -> datetime:
    return datetime(2026, 1, 1, hour, tzinfo=UTC)


@pytest.fixture
async def dsn(database: DatabaseFactory) -> str:
    dsn = await database("chassis")
    connection = await asyncpg.connect(dsn)
    await connection.executemany(
        "INSERT INTO parked_audit "
        "(tenant_id, consumer_group, topic, action, actor, note, detail, happened_at) "
        "VALUES ($1, 'directory', $2, $3, 'cli:ops', $4, $5, $6)",
        [
            (ADA, "scim-events", "redrive", "fixed in 1.2", "tried again", _at(9)),
            (BOB, "scim-events", "skip", "wrong data", "sequence 7 given up", _at(10)),
            (ADA, "domain-events", "skip", "obsolete", "sequence 1 given up", _at(11)),
        ],
    )
    await connection.close()
    return dsn


def history(dsn: str, *arguments: str) -> list[dict[str, str]]:
    result = CliRunner().invoke(bus_cli(lambda: dsn), ["history", "--json", *arguments])
    assert result.exit_code == 0, result.output
    found: list[dict[str, str]] = json.loads(result.stdout)
    return found


def test_the_newest_comes_first_with_all_that_was_noted(dsn: str) -> None:
    rows = history(dsn)
    assert [row["detail"] for row in rows] == [
        "sequence 1 given up",
        "sequence 7 given up",
        "tried again",
    ]
    assert rows[-1] == {
        "tenant_id": str(ADA),
        "consumer_group": "directory",
        "topic": "scim-events",
        "action": "redrive",
        "actor": "cli:ops",
        "note": "fixed in 1.2",
        "detail": "tried again",
        "happened_at": "2026-01-01T09:00:00Z",
    }


@pytest.mark.parametrize(
    ("arguments", "notes"),
    [
        (["--tenant", str(ADA)], ["obsolete", "fixed in 1.2"]),
        (["--topic", "scim-events"], ["wrong data", "fixed in 1.2"]),
        (["--tenant", str(ADA), "--topic", "scim-events"], ["fixed in 1.2"]),
        (["--limit", "1"], ["obsolete"]),
    ],
)
def test_it_is_narrowed_to_a_tenant_a_topic_or_a_number(
    dsn: str, arguments: list[str], notes: list[str]
) -> None:
    assert [row["note"] for row in history(dsn, *arguments)] == notes


def test_people_get_a_table(dsn: str) -> None:
    result = CliRunner().invoke(bus_cli(lambda: dsn), ["history"])
    assert result.exit_code == 0
    assert "fixed in 1.2" in result.stdout
    assert str(BOB) in result.stdout
