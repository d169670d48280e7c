"""The database goes away: never an response that promises what was not committed."""

from urllib.parse import urlsplit

import asyncpg

from component.scim.harness import Client, Surface, json, replace
from support.waiting import eventually


async def test_every_request_says_try_again_and_the_service_comes_back(
    surface: Surface, acme: Client, postgres: str
) -> None:
    ann = await acme.create_user("ann@example.com")
    name = urlsplit(surface.settings.database_url).path[1:]
    server = await asyncpg.connect(postgres)
    try:
        await eventually(lambda: _moved_away(server, name))
        path = f"/Users/{ann['id']}"
        for response in (
            await acme.call("POST", "/Users", {"userName": "bob@example.com"}),
            await acme.get(path),
            await acme.patch(path, replace("title", "CTO")),
            await acme.patch("/Groups/" + ann["id"], replace("members", None)),
            await acme.call("DELETE", path),
        ):
            assert response.status_code == 503, response.text
            assert int(response.headers["retry-after"]) >= 1
            assert "storage" in json(response)["detail"]
        other = await surface.http.get(acme.base + "/Users", headers={"authorization": "Bearer x"})
        assert other.status_code == 503
        await server.execute(f'ALTER DATABASE "{name}_away" RENAME TO "{name}"')

        async def back() -> bool:
            return (await acme.get(path)).status_code == 200

        await eventually(back)
        assert json(await acme.get(path)) == ann
        assert json(await acme.get("/Users"))["totalResults"] == 1
        logged = await surface.logged(acme.tenant.tenant_id)
        assert [row["status"] for row in logged].count(503) >= 5
    finally:
        await server.close()


async def test_connections_that_are_cut_under_load(
    surface: Surface, acme: Client, postgres: str
) -> None:
    server = await asyncpg.connect(postgres)
    name = urlsplit(surface.settings.database_url).path[1:]
    acked = set()
    try:
        for number in range(40):
            if number % 5 == 0:
                await _cut(server, name)
            body = {"userName": f"u{number}@example.com"}
            response = await acme.call("POST", "/Users", body)
            assert response.status_code in (201, 503), response.text
            if response.status_code == 201:
                acked.add(json(response)["id"])
    finally:
        await server.close()
    rows = await surface.pool.fetch(
        "SELECT users.id FROM users JOIN outbox ON subject = users.id::text"
    )
    stored = {str(row["id"]) for row in rows}
    assert acked <= stored
    assert len(acked) > 20
    assert await surface.pool.fetchval("SELECT count(*) FROM outbox") == len(stored)


async def _moved_away(server: asyncpg.Connection, name: str) -> bool:
    await _cut(server, name)
    try:
        await server.execute(f'ALTER DATABASE "{name}" RENAME TO "{name}_away"')
    except asyncpg.ObjectInUseError:
        return False
    return True


async def _cut(server: asyncpg.Connection, name: str) -> None:
    await server.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name
    )
