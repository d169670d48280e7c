"""The provisioning log: one row for each request of a known tenant, and never a secret."""

from datetime import timedelta

import pytest

from chassis.clock import SystemClock
from chassis.ids import uuid7
from component.scim.harness import Client, Surface, add_members, json, replace, user
from scim.storage.log_entries import PostgresLogEntries
from scim.usecases.log_entry import LogEntry
from scim.usecases.provisioning_log import ProvisioningLog, Pruning


async def test_each_request_leaves_one_row(surface: Surface, acme: Client) -> None:
    created = await acme.create_user("ann@example.com", shoeSize="43")
    path = f"/Users/{created['id']}"
    await acme.call("POST", "/Users", user("ann@example.com"))
    await acme.get(path)
    await acme.find("Users", 'userName eq "ann@example.com"')
    await acme.patch(path, replace("title", "CTO"))
    await acme.patch(path, {"op": "Jump", "path": "title", "value": "x"})
    sales = (await acme.create_group("Sales"))["id"]
    await acme.patch(f"/Groups/{sales}", add_members(created["id"]))
    await acme.patch(f"/Groups/{sales}", add_members(str(uuid7())))
    await acme.call("DELETE", path)
    await acme.get(path)
    await acme.call("POST", path, {})
    await acme.get("/Nothing")

    rows = await surface.logged(acme.tenant.tenant_id)
    assert [(row["operation"], row["status"], row["scim_type"]) for row in rows] == [
        ("user.create", 201, None),
        ("user.create", 409, "uniqueness"),
        ("user.get", 200, None),
        ("user.list", 200, None),
        ("user.patch", 200, None),
        ("user.patch", 400, "invalidSyntax"),
        ("group.create", 201, None),
        ("group.patch", 204, None),
        ("group.patch", 400, "invalidValue"),
        ("user.delete", 204, None),
        ("user.get", 404, None),
        ("unknown", 405, None),
        ("unknown", 404, None),
    ]
    assert rows[0]["dropped"] == ["shoeSize: no attribute has this name; correct the mapping"]
    assert rows[0]["resource_name"] == "ann@example.com"
    assert rows[0]["resource_id"] == created["id"]
    assert "exists already" in rows[1]["detail"]
    assert rows[1]["resource_name"] == "ann@example.com"
    assert rows[7]["resource_name"] == "Sales"
    assert rows[9]["resource_name"] == "ann@example.com"
    assert all(row["correlation_id"] for row in rows)
    assert all((row["detail"] is None) is (row["status"] < 400) for row in rows)


async def test_what_was_refused_says_whom_it_was_about(surface: Surface, acme: Client) -> None:
    ann = (await acme.create_user("ann@example.com"))["id"]
    sales = (await acme.create_group("Sales"))["id"]
    await acme.patch(f"/Users/{ann}", replace("active", "perhaps"))
    await acme.call("PUT", f"/Users/{ann}", user("ann@example.org", active="perhaps"))
    await acme.call("POST", "/Users", user("bob@example.com", active="perhaps"))
    await acme.patch(f"/Groups/{sales}", {"op": "Jump", "path": "members", "value": "x"})
    await acme.call("PUT", f"/Groups/{sales}", {"displayName": "Sales", "members": 7})
    await acme.call("POST", "/Groups", {"displayName": "Other", "members": 7})

    rows = [row for row in await surface.logged(acme.tenant.tenant_id) if row["status"] == 400]
    assert [(row["resource_id"], row["resource_name"]) for row in rows] == [
        (ann, None),
        (ann, "ann@example.org"),
        (None, "bob@example.com"),
        (sales, None),
        (sales, "Sales"),
        (None, "Other"),
    ]


async def test_a_row_that_cannot_be_stored_is_lost_alone(surface: Surface, acme: Client) -> None:
    provisioning_log = ProvisioningLog(PostgresLogEntries(surface.pool))
    for number in range(5):
        name = "\x00" if number == 3 else f"n{number}"
        entry = LogEntry(
            acme.tenant.tenant_id, uuid7(), SystemClock().now(), "user.get", "User", 200
        )
        entry.resource_name = name
        provisioning_log.append(entry)
    await provisioning_log.flush()
    rows = await surface.logged(acme.tenant.tenant_id)
    assert [row["resource_name"] for row in rows] == ["n0", "n1", "n2", "n4"]
    assert provisioning_log.dropped == 1


async def test_the_answer_carries_the_correlation_id_of_the_row(
    surface: Surface, acme: Client
) -> None:
    headers = {"authorization": f"Bearer {acme.token}", "x-correlation-id": "from-the-caller"}
    response = await surface.http.get(acme.base + "/Users", headers=headers)
    assert response.headers["x-correlation-id"] == "from-the-caller"
    [row] = await surface.logged(acme.tenant.tenant_id)
    assert row["correlation_id"] == "from-the-caller"
    event = await surface.http.post(
        acme.base + "/Users", headers=headers, json=user("ann@example.com")
    )
    assert event.status_code == 201
    assert await surface.pool.fetchval("SELECT correlation_id FROM outbox") == "from-the-caller"


async def test_a_write_and_its_row_are_one(surface: Surface, acme: Client) -> None:
    await surface.pool.execute(
        "ALTER TABLE provisioning_log ADD CHECK (operation <> 'user.create')"
    )
    response = await acme.call("POST", "/Users", user("ann@example.com"))
    assert response.status_code == 500
    assert "correlation id" in json(response)["detail"]
    for table in ("users", "outbox"):
        assert await surface.pool.fetchval(f"SELECT count(*) FROM {table}") == 0


@pytest.mark.parametrize("secret", ["Password-In-Body", "token"])
async def test_no_secret_and_no_body_is_logged(
    surface: Surface, acme: Client, secret: str, capsys: pytest.CaptureFixture[str]
) -> None:
    needle = acme.token if secret == "token" else secret
    created = await acme.create_user("ann@example.com", password=needle, nickName=needle)
    await acme.patch(f"/Users/{created['id']}", replace("nickName", needle + "2"))
    await acme.patch(f"/Users/{created['id']}", replace("password", needle))
    await acme.call("POST", "/Users", {"userName": "", "password": needle})
    await surface.http.get(f"/scim/v2/{uuid7()}/Users", headers={"authorization": needle})
    assert "password" not in json(await acme.get(f"/Users/{created['id']}"))
    rows = await surface.logged(acme.tenant.tenant_id)
    assert len(rows) == 5
    assert needle not in repr(rows)
    captured = capsys.readouterr()
    assert needle not in captured.out + captured.err


async def test_rows_wait_in_a_bounded_queue(surface: Surface, acme: Client) -> None:
    provisioning_log = surface.scim.background_writer.provisioning_log
    provisioning_log.capacity = 3
    for _ in range(5):
        await acme.get("/Users")
    assert provisioning_log.dropped == 2
    assert len(await surface.logged(acme.tenant.tenant_id)) == 3


async def test_rows_survive_a_database_that_is_away(surface: Surface, acme: Client) -> None:
    class Away:
        async def add(self, entries: object) -> None:
            raise OSError("away")

    provisioning_log = surface.scim.background_writer.provisioning_log
    entries = provisioning_log.entries
    provisioning_log.entries = Away()  # type: ignore[assignment]  # it is only added to
    await acme.get("/Users")
    await surface.scim.background_writer.write(uses=False)
    provisioning_log.entries = entries
    assert len(await surface.logged(acme.tenant.tenant_id)) == 1
    await provisioning_log.flush()
    assert len(await surface.logged(acme.tenant.tenant_id)) == 1


async def test_old_rows_are_pruned_in_every_tenant(surface: Surface) -> None:
    entries, clock = PostgresLogEntries(surface.pool), SystemClock()
    provisioning_log = ProvisioningLog(entries)
    now = clock.now()
    for tenant in (uuid7(), uuid7()):
        for days in (0, 29, 31, 400):
            at = now - timedelta(days=days)
            old = int(at.timestamp() * 1000) << 80
            id = type(tenant)(int=old | (tenant.int & ((1 << 80) - 1)))
            provisioning_log.append(LogEntry(tenant, id, at, "user.get", "User", 200))
    await provisioning_log.flush()
    await Pruning(entries, clock, 30).prune()
    ages = [
        round((now - row["occurred_at"]).total_seconds() / 86_400)
        for row in await surface.pool.fetch("SELECT occurred_at FROM provisioning_log")
    ]
    assert sorted(ages) == [0, 0, 29, 29]
