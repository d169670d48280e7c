"""The operator's commands on a real database, from the command line to the printed answer."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import asyncpg
import pytest
import structlog
from typer.testing import CliRunner, Result

from chassis.database import create_pool
from chassis.service import service_cli
from conformance.tenant_directory.harness import Harness, idp_user, postgres_harness
from tenant_directory.wiring import SERVICE

APP = service_cli(SERVICE)


class Cli:
    """Runs commands the way a shell does."""

    def __call__(self, command: str, *more: str) -> Result:
        handlers = logging.getLogger().handlers[:]
        try:
            return CliRunner().invoke(APP, [*command.split(), *more])
        finally:
            # A command is a process of its own: its logging must not outlive it here.
            structlog.reset_defaults()
            logging.getLogger().handlers[:] = handlers

    def json(self, command: str, *more: str) -> Any:
        result = self(command, *more, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    def sentence(self, command: str, *more: str, code: int = 1) -> str:
        result = self(command, *more)
        assert result.exit_code == code, result.output
        assert result.stdout == ""
        assert len(result.stderr.splitlines()) == 1
        return result.stderr


@pytest.fixture
def cli(dsn: str, monkeypatch: pytest.MonkeyPatch) -> Cli:
    monkeypatch.setenv("DIRECTORY_DATABASE_URL", dsn)
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")
    monkeypatch.setenv("ENVIRONMENT", "test")
    return Cli()


def provision(dsn: str, steps: Callable[[Harness], Awaitable[None]]) -> None:
    async def run() -> None:
        pool = await create_pool(dsn, size=2)
        try:
            await steps(postgres_harness(pool))
        finally:
            await pool.close()

    asyncio.run(run())


def outbox_types(dsn: str) -> list[str]:
    async def run() -> list[str]:
        connection = await asyncpg.connect(dsn, timeout=10)
        try:
            return [row["type"] for row in await connection.fetch("SELECT type FROM outbox")]
        finally:
            await connection.close()

    return asyncio.run(run())


def test_a_tenant_is_created_with_state_and_event_in_one_transaction(cli: Cli, dsn: str) -> None:
    created = cli.json("tenant create Acme")
    assert (created["name"], created["package"], created["default_role"]) == (
        "acme",
        "business",
        "member",
    )
    assert sorted(outbox_types(dsn)) == ["directory.tenant.created.v1", "directory.tenant.state.v1"]
    assert cli.json("tenant show", created["id"]) == created
    assert cli.json("tenant list") == [created]
    assert "acme" in cli("tenant list").stdout


def test_a_tenants_settings_are_changed_one_by_one(cli: Cli) -> None:
    cli.json("tenant create acme --package smb --default-role none")
    assert cli.json("tenant set-default-role acme member")["default_role"] == "member"
    assert cli.json("tenant set-package acme free")["package"] == "free"
    assert cli.json("tenant set-invitations acme on")["invitations_enabled"] is True
    assert cli.json("tenant suspend acme")["status"] == "suspended"
    assert cli.json("tenant resume acme")["status"] == "active"
    assert cli.json("tenant show acme")["version"] == 6
    actions = [entry["action"] for entry in cli.json("audit list --tenant acme")]
    assert actions == ["tenant.updated"] * 5 + ["tenant.created"]
    assert cli.json("audit list --tenant acme --limit 1")[0]["actor"].startswith("cli:")


def test_mistakes_get_one_sentence_and_an_exit_code_and_change_nothing(cli: Cli, dsn: str) -> None:
    assert "1 to 63 letters" in cli.sentence("tenant create a_b", code=2)
    assert "professional" in cli.sentence("tenant create acme --package gold", code=2)
    assert "tenant_admin" in cli.sentence("tenant create acme --default-role king", code=2)
    assert "`tenant list`" in cli.sentence("tenant show nobody")
    assert "`tenant list`" in cli.sentence("user list --tenant nobody")
    assert outbox_types(dsn) == []

    cli.json("tenant create acme")
    assert "choose another name" in cli.sentence("tenant create ACME")
    assert "neither on nor off" in cli.sentence("tenant set-invitations acme maybe", code=2)
    assert "`user list --tenant acme`" in cli.sentence("user show ada@acme.com -t acme")
    assert "`group list --tenant acme`" in cli.sentence("group show Sales -t acme")
    assert "e-mail address" in cli.sentence("user create ada -t acme", code=2)
    assert len(outbox_types(dsn)) == 2


def test_a_manual_user_from_creation_to_return(cli: Cli) -> None:
    cli.json("tenant create acme")
    ada = cli.json("user create ada@acme.com --tenant acme --given-name Ada")
    assert (ada["origin"], ada["role"], ada["access"]) == ("manual", "member", "yes")
    assert "user show" in cli.sentence("user create ADA@acme.com --tenant acme")

    admin = cli.json("user set-role ada@acme.com tenant_admin --tenant acme")
    assert admin["role"] == "tenant_admin"
    inactive = cli.json("user deactivate ada@acme.com --tenant acme")
    assert "user reactivate" in inactive["access"]
    assert cli.json("user reactivate", ada["id"], "--tenant", "acme")["access"] == "yes"
    assert "gave it no role" in cli.json("user set-role ada@acme.com none -t acme")["access"]


def test_a_provisioned_user_without_access_shows_why(cli: Cli, dsn: str) -> None:
    cli.json("tenant create acme --default-role none")

    async def steps(directory: Harness) -> None:
        async with directory.uow() as work:
            tenant = await work.tenants.by_name("acme")
        assert tenant is not None
        await directory.apply(tenant, idp_user("ada@acme.com"))

    provision(dsn, steps)
    ada = cli.json("user show ada@acme.com --tenant acme")
    assert ada["role"] is None
    assert "no default tenant role was set when it was provisioned" in ada["access"]
    assert "tenant set-default-role acme member" in ada["access"]
    assert "user set-role ada@acme.com member --tenant acme" in ada["access"]
    assert "Entra" in cli.sentence("user deactivate ada@acme.com --tenant acme")
    assert cli.json("user set-role ada@acme.com member --tenant acme")["access"] == "yes"


def test_lists_are_complete_as_json_and_tables_say_when_they_are_not(
    cli: Cli, dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tenant_directory.usecases.paging.PAGE_SIZE", 7)
    cli.json("tenant create acme")
    assert cli.json("user list --tenant acme") == []
    ids: list[UUID] = []

    async def steps(directory: Harness) -> None:
        async with directory.uow() as work:
            tenant = await work.tenants.by_name("acme")
        assert tenant is not None
        for number in range(25):
            user = await directory.apply(tenant, idp_user(f"user{number}@acme.com"))
            ids.append(user.user_id)
        group = await directory.group(tenant, "Sales")
        change = directory.event_use_cases.change_scim_members
        await change(tenant.tenant_id, group, added=ids[:20], removed=[])

    provision(dsn, steps)

    users = cli.json("user list --tenant acme")
    assert [user["id"] for user in users] == [str(each) for each in ids]
    assert [user["groups"] for user in users] == [1] * 20 + [0] * 5
    assert {"user_name", "email", "status", "role", "origin"} <= users[0].keys()
    [group] = cli.json("group list --tenant acme --members")
    assert [member["id"] for member in group["members"]] == [str(each) for each in ids[:20]]
    assert cli.json("group list --tenant acme")[0]["members"] == 20
    assert len(cli.json("group show sales --tenant acme")["members"]) == 20
    assert cli.json("user show user0@acme.com -t acme")["groups"][0]["display_name"] == "Sales"

    table = cli("user list --tenant acme --limit 10")
    assert "user9@acme.com" in table.stdout
    assert "user10@acme.com" not in table.stdout
    assert "--limit 0" in table.stderr


def test_an_unreachable_or_empty_database_is_one_sentence(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, postgres: str
) -> None:
    monkeypatch.setenv("DIRECTORY_DATABASE_URL", postgres)
    assert "tenant_directory migrate" in cli.sentence("tenant list")
    monkeypatch.setenv("DIRECTORY_DATABASE_URL", "postgresql://nobody:secret-word@127.0.0.1:1/none")
    sentence = cli.sentence("tenant list")
    assert "DIRECTORY_DATABASE_URL" in sentence
    assert "secret-word" not in sentence
