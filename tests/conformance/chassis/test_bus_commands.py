"""`bus redrive` and `bus skip` as an operator gives them, with a consumer that is there or not."""

import asyncio
import json
import sys
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from chassis.cli import commands
from chassis.ids import uuid7
from contracts.topics import SCIM_EVENTS
from support.bus import Bus, raw, running, user_deleted
from support.parking import Poison, events, is_applied, is_done, is_parked
from support.waiting import eventually


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str


async def command(bus: Bus, *arguments: str, before: str = "") -> Done:
    """Run a command in a process of its own; `before` is Python that it begins with."""
    code = f"{before}\nfrom chassis.cli import bus_cli\nbus_cli(lambda: {bus.consumer_dsn!r})()"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await asyncio.wait_for(process.communicate(), 50)
    assert process.returncode is not None
    return Done(process.returncode, out.decode(), err.decode())


def asked(tenant: Any, *more: str) -> list[str]:
    return ["--tenant", str(tenant), "--topic", SCIM_EVENTS.name, "--note", "ticket 7", *more]


async def parked(bus: Bus) -> list[dict[str, Any]]:
    status = json.loads((await command(bus, "status", "--json")).out)
    found: list[dict[str, Any]] = status["parked"]
    return found


@pytest.mark.parametrize("action", ["redrive", "skip"])
async def test_a_command_is_done_by_the_consumer(local_bus: Bus, action: str) -> None:
    bus, tenant = local_bus, uuid7()
    poison = Poison(ValueError("a\x1b[31mb"), "bob")
    await bus.commit(*events(tenant, "ann", "bob", "cai"))
    async with running(bus.relay().run), running(bus.reader(poison).run):
        await eventually(lambda: is_applied(bus, tenant, 1, 3), within=20)
        [row] = await parked(bus)
        assert (row["tenant_id"], row["topic"]) == (str(tenant), SCIM_EVENTS.name)
        shown = (await command(bus, "status")).out
        assert str(tenant) in shown
        assert "\x1b" not in shown
        poison.names.clear()
        done = await command(bus, action, *asked(tenant, "--wait", "20"))
        assert (done.code, done.err) == (0, "")
        assert done.out.startswith(f"The consumer has done the {action}")
        assert await parked(bus) == []
    applied = (1, 3, 2) if action == "redrive" else (1, 3)
    assert sorted(await bus.effects(tenant)) == sorted(applied)
    [noted] = json.loads((await command(bus, "history", "--json")).out)
    assert (noted["action"], noted["note"]) == (action, "ticket 7")
    assert noted["actor"] == commands.user_name()


@pytest.mark.parametrize(("flags", "applied"), [((), (1,)), (("--conflicts",), (1, 1))])
async def test_conflicts_are_redriven_on_request_alone(
    local_bus: Bus, flags: tuple[str, ...], applied: tuple[int, ...]
) -> None:
    bus, tenant = local_bus, uuid7()
    async with running(bus.reader().run):
        await bus.send(raw(user_deleted(tenant), 1), raw(user_deleted(tenant, "other"), 1))
        await eventually(lambda: is_parked(bus, tenant, (None, "conflict")), within=20)
        done = await command(bus, "redrive", *asked(tenant, "--wait", "20", *flags))
        assert (done.code, done.err) == (0, "")
        assert await bus.effects(tenant) == list(applied)


async def test_what_failed_is_tried_again_of_every_tenant(local_bus: Bus) -> None:
    bus, tenants = local_bus, [uuid7() for _ in range(3)]
    poison = Poison(ZeroDivisionError(), "bob", "eve")
    for tenant in tenants:
        await bus.commit(*events(tenant, "ann", "eve" if tenant == tenants[0] else "bob"))
    refused = uuid7()
    await bus.commit(*events(refused, "ann"))
    async with running(bus.relay().run), running(bus.reader(poison).run):
        for tenant in tenants:
            await eventually(partial(is_parked, bus, tenant, (2, "failed")))
        poison.names.remove("bob")
        told = await command(bus, "redrive-failed", "--note", "mended", "--wait", "20", "--json")
        assert (told.code, told.err) == (0, "")
        outcomes = {row["tenant_id"]: row["outcome"] for row in json.loads(told.out)}
        assert outcomes == {
            str(tenant): "failed again" if tenant == tenants[0] else "applied" for tenant in tenants
        }
    assert [await bus.effects(tenant) for tenant in tenants] == [[1], [1, 2], [1, 2]]
    again = await command(bus, "redrive-failed", "--note", "again", "--wait", "0", "--json")
    assert [row["outcome"] for row in json.loads(again.out)] == ["asked for"]
    noted = json.loads((await command(bus, "history", "--json")).out)
    assert {row["note"] for row in noted} == {"mended"}
    assert len(noted) == len(tenants)


async def test_without_a_consumer_it_waits_for_one(local_bus: Bus) -> None:
    bus, tenant = local_bus, uuid7()
    poison = Poison(ValueError("no"), "bob")
    await bus.commit(*events(tenant, "bob"))
    async with running(bus.relay().run), running(bus.reader(poison).run):
        await eventually(lambda: _is_parked(bus), within=20)
    poison.names.clear()

    # A container may run as a number without a name.
    unnamed = "import getpass\ndef nobody():\n raise KeyError(10001)\ngetpass.getuser = nobody"
    later = await command(bus, "redrive", *asked(tenant, "--wait", "0.5"), before=unnamed)
    assert (later.code, later.err) == (0, "")
    assert later.out.startswith("The redrive is asked for;")
    assert not await is_done(bus, tenant)
    async with running(bus.reader(poison).run):
        await eventually(lambda: is_done(bus, tenant), within=20)
        await eventually(lambda: is_applied(bus, tenant, 1), within=20)
    [noted] = json.loads((await command(bus, "history", "--json")).out)
    assert noted["actor"].isdigit()


async def _is_parked(bus: Bus) -> bool:
    return bool(await parked(bus))
