"""The operator's commands, as real processes."""

import asyncio
import os
import re
import sys
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import orjson
import pytest

from chassis.ids import uuid7
from component.scim.harness import Surface, open_surface, user
from support.databases import DatabaseFactory


@dataclass(frozen=True)
class Shell:
    dsn: str

    async def __call__(self, *arguments: str, code: int = 0) -> tuple[str, str]:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "scim", *arguments,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={
                **os.environ,
                "ENVIRONMENT": "test",
                "SCIM_DATABASE_URL": self.dsn,
                "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9",
            },
        )  # fmt: skip
        out, err = await asyncio.wait_for(process.communicate(), 50)
        assert process.returncode == code, (out, err)
        return out.decode(), err.decode()

    async def json(self, *arguments: str) -> Any:
        return orjson.loads((await self(*arguments, "--json"))[0])


@pytest.fixture
async def dsn(database: DatabaseFactory) -> str:
    return await database("scim")


@pytest.mark.timeout(180)
async def test_the_life_of_a_token(dsn: str) -> None:
    run = Shell(dsn)
    async with open_surface(dsn) as surface:
        acme = await surface.tenant("acme")
        await surface.pool.execute("DELETE FROM tokens")
        name = acme.tenant.name
        made = await run.json("token", "create", "--tenant", name.upper(), "--expires-in", "90d")
        assert made["tenant_id"] == str(acme.tenant.tenant_id)
        assert made["base_url"].endswith(f"/scim/v2/{acme.tenant.tenant_id}")
        assert re.fullmatch(r"portico_scim_[\w-]{40,}", made["token"])
        headers = {"authorization": f"Bearer {made['token']}"}
        response = await surface.http.post(
            acme.base + "/Users", headers=headers, json=user("a@x.y")
        )
        assert response.status_code == 201
        await surface.scim.background_writer.write(uses=True)

        [listed] = await run.json("token", "list", "--tenant", str(acme.tenant.tenant_id))
        assert made["token"].startswith(listed["prefix"])
        assert made["token"] not in repr(listed)
        assert listed["last_used"] is not None
        assert listed["revoked"] is None
        shown, _ = await run("token", "list", "--tenant", name)
        assert listed["prefix"] in shown

        await run("token", "revoke", listed["prefix"], "--tenant", name)
        [listed] = await run.json("token", "list", "--tenant", name)
        assert listed["revoked"] is not None
    async with open_surface(dsn) as replica:
        response = await replica.http.get(acme.base + "/Users", headers=headers)
        assert response.status_code == 401


@pytest.mark.timeout(180)
async def test_a_token_is_never_made_for_one_of_two_tenants_of_a_name(dsn: str) -> None:
    run = Shell(dsn)
    async with open_surface(dsn) as surface:
        tenants = [(await surface.tenant("acme")).tenant for _ in range(2)]
        await surface.pool.execute("UPDATE tenants SET name = 'acme'")
        await surface.pool.execute("DELETE FROM tokens")
        ids = sorted(str(tenant.tenant_id) for tenant in tenants)

        _, refused = await run("token", "create", "--tenant", "acme", code=1)
        assert f"name the tenant by its id, {ids[0]} or {ids[1]}." in refused
        assert await surface.pool.fetchval("SELECT count(*) FROM tokens") == 0

        made = await run.json("token", "create", "--tenant", ids[1])
        assert made["tenant_id"] == ids[1]


async def _some_log(surface: Surface) -> str:
    acme = await surface.tenant("acme")
    await acme.create_user("ann@example.com")
    await acme.call("POST", "/Users", user("ann@example.com"))
    await acme.get("/Users")
    await surface.scim.background_writer.write(uses=True)
    return acme.tenant.name


@pytest.mark.timeout(180)
async def test_the_log(dsn: str) -> None:
    run = Shell(dsn)
    async with open_surface(dsn) as surface:
        name = await _some_log(surface)
    rows = await run.json("log", "--tenant", name, "--since", "1h")
    assert [row["status"] for row in rows] == [201, 409, 200]
    [error] = await run.json("log", "--tenant", name, "--errors", "--since", "1h")
    assert (error["scim_type"], error["name"]) == ("uniqueness", "ann@example.com")
    assert "exists already" in error["sentence"]
    shown, _ = await run("log", "--tenant", name, "--errors")
    assert "uniqueness" in shown


@pytest.mark.timeout(180)
async def test_no_name_in_the_log_steers_the_terminal(dsn: str) -> None:
    run, hostile = Shell(dsn), "a\x1b]0;x\x07\x1b[2J\u202e"
    async with open_surface(dsn) as surface:
        acme = await surface.tenant("acme")
        ann = await acme.create_user(f"{hostile}@x.test", **{hostile: "x"})
        await acme.create_group(hostile)
        await acme.patch(f"/Users/{ann['id']}", {"op": "add", "path": hostile, "value": "x"})
        await acme.patch(f"/Users/{ann['id']}", {"op": hostile, "path": "title"})
        await acme.patch(f"/Users/{ann['id']}", {"op": "add", "path": "active", "value": hostile})
        await acme.get("/Users", filter=f'{hostile} eq "x"')
        await acme.get(f"/Users/{quote(hostile)}")
        await surface.scim.background_writer.write(uses=True)
    shown, _ = await run("log", "--tenant", acme.tenant.name)
    lines, _ = await run("log", "--tenant", acme.tenant.name, "--json")
    for printed in (shown, lines):
        assert "]0;x" in printed
        assert all(c.isprintable() or c == "\n" for c in printed)
    assert len(orjson.loads(lines)) == 7


@pytest.mark.timeout(180)
async def test_what_cannot_be_done_is_said_in_a_sentence(dsn: str) -> None:
    run = Shell(dsn)
    _, refused = await run("token", "create", "--tenant", "acme", code=1)
    assert "has not heard of tenant 'acme' yet" in refused
    assert "worker running" in refused
    _, wrong = await run("log", "--tenant", str(uuid7()), "--since", "yesterday", code=2)
    assert "--since 'yesterday' is no length of time" in wrong
    _, away = await Shell("postgresql://nobody@127.0.0.1:9/none")(
        "token", "list", "-t", "a", code=1
    )
    assert "SCIM_DATABASE_URL" in away
    assert "Traceback" not in refused + wrong + away


@pytest.mark.timeout(180)
async def test_e9_a_tenant_is_set_to_be_read_strictly(dsn: str) -> None:
    run = Shell(dsn)
    async with open_surface(dsn) as surface:
        name = (await surface.tenant("acme")).tenant.name
        strict = await run.json("tenant", "set", "--tenant", name, "--strict")
        assert (strict["tenant"], strict["strict"]) == (name, True)
        assert await surface.pool.fetchval("SELECT strict FROM tenant_settings")
        await run("tenant", "set", "--tenant", name, "--no-strict")
        assert not await surface.pool.fetchval("SELECT strict FROM tenant_settings")
        await run("tenant", "set", "--tenant", name, code=2)
