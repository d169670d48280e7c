"""What the directory says: tenants, and hand-made users that the provider finds and adopts."""

from dataclasses import replace as with_
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from chassis.ids import uuid7
from chassis.inbox import Rejected
from component.scim.harness import Client, Surface, json, replace
from contracts.directory import DirectoryTenant, DirectoryUser
from contracts.event import Event
from scim import wiring
from scim.events.incoming import subscriptions


async def hear(surface: Surface, event: Event) -> None:
    handlers = {
        kind: handler
        for subscription in subscriptions(wiring.event_use_cases)
        for kind, handler in subscription.handlers.items()
    }
    async with surface.pool.acquire() as connection, connection.transaction():
        await handlers[event.type](event, connection)  # type: ignore[arg-type]  # a pool's proxy


def tenant_state(tenant_id: UUID, version: int = 1, **values: Any) -> Event:
    state = {"name": "acme", "package": "business", "status": "active"} | values
    data = DirectoryTenant(tenant_id=tenant_id, version=version, **state)
    event = _event("directory.tenant.state.v1", tenant_id, tenant_id, data)
    return with_(event, version=version)


def user_state(tenant_id: UUID, user_id: UUID, **values: Any) -> Event:
    state = {
        "user_name": "Ann@example.com",
        "status": "active",
        "origin": "manual",
        "role": "member",
        "display_name": "Ann",
        "given_name": "Ann",
        "email": "ann@example.com",
    } | values
    data = DirectoryUser(user_id=user_id, version=1, **state)
    return _event("directory.user.state.v1", tenant_id, user_id, data)


def _event(kind: str, tenant_id: UUID, subject: UUID, data: Any) -> Event:
    now = datetime.now(UTC)  # noqa: TID251
    return Event(uuid7(), kind, "/services/tenant-directory", str(subject), now, tenant_id, data)


async def test_a_tenant_comes_changes_and_goes(surface: Surface) -> None:
    tenant_id = uuid7()
    await hear(surface, tenant_state(tenant_id))
    await hear(surface, tenant_state(tenant_id, 2, package="free", status="suspended", name="b"))
    row = await surface.pool.fetchrow("SELECT name, package, status FROM tenants")
    assert row is not None
    assert tuple(row) == ("b", "free", "suspended")
    await hear(surface, with_(tenant_state(tenant_id, 3), data=None))
    assert await surface.pool.fetchval("SELECT count(*) FROM tenants") == 0


async def test_a_state_speaks_only_of_what_its_envelope_names(
    surface: Surface, acme: Client
) -> None:
    other = uuid7()
    taken = tenant_state(acme.tenant.tenant_id, 2, name="taken")
    with pytest.raises(Rejected, match="another tenant"):
        await hear(surface, with_(taken, tenant_id=other, subject=str(other)))
    with pytest.raises(Rejected, match="another user"):
        await hear(surface, with_(user_state(acme.tenant.tenant_id, uuid7()), subject=str(other)))
    assert await surface.pool.fetchval("SELECT count(*) FROM tenants WHERE name = 'taken'") == 0
    assert json(await acme.get("/Users"))["totalResults"] == 0


async def test_a_hand_made_user_is_found_and_adopted(surface: Surface, acme: Client) -> None:
    user_id = uuid7()
    await hear(surface, user_state(acme.tenant.tenant_id, user_id))
    [found] = (await acme.find("Users", 'userName eq "ann@example.com"'))["Resources"]
    assert (found["id"], found["userName"]) == (str(user_id), "Ann@example.com")
    assert found["emails"][0]["value"] == "ann@example.com"
    assert await surface.events(acme.tenant.tenant_id) == []

    await acme.patch(f"/Users/{user_id}", replace("externalId", "ann"))
    [(kind, data)] = await surface.events(acme.tenant.tenant_id)
    assert kind == "scim.user.updated.v1"
    assert (data["user"]["user_id"], data["user"]["external_id"]) == (str(user_id), "ann")

    await hear(surface, user_state(acme.tenant.tenant_id, user_id, origin="scim", display_name="X"))
    await hear(surface, user_state(acme.tenant.tenant_id, user_id, display_name="X"))
    await hear(surface, with_(user_state(acme.tenant.tenant_id, user_id), data=None))
    assert json(await acme.get(f"/Users/{user_id}"))["displayName"] == "Ann"


async def test_a_patch_that_changes_nothing_adopts_too(surface: Surface, acme: Client) -> None:
    user_id = uuid7()
    await hear(surface, user_state(acme.tenant.tenant_id, user_id))
    for expected in (1, 1):
        await acme.patch(f"/Users/{user_id}", replace("active", True))
        assert len(await surface.events(acme.tenant.tenant_id)) == expected
    assert await surface.pool.fetchval("SELECT origin FROM users") == "scim"


async def test_a_hand_made_user_changes_and_goes(surface: Surface, acme: Client) -> None:
    user_id = uuid7()
    await hear(surface, user_state(acme.tenant.tenant_id, user_id))
    await hear(
        surface, user_state(acme.tenant.tenant_id, user_id, status="inactive", user_name="b@x")
    )
    [found] = (await acme.find("Users", 'userName eq "b@x"'))["Resources"]
    assert found["active"] is False
    await hear(surface, with_(user_state(acme.tenant.tenant_id, user_id), data=None))
    assert (await acme.get(f"/Users/{user_id}")).status_code == 404


async def test_the_providers_user_keeps_its_name(surface: Surface, acme: Client) -> None:
    ours = await acme.create_user("ann@example.com")
    await hear(surface, user_state(acme.tenant.tenant_id, uuid7()))
    shadowed = uuid7()
    await hear(surface, user_state(acme.tenant.tenant_id, shadowed, user_name="b@x"))
    await hear(surface, user_state(acme.tenant.tenant_id, shadowed, user_name="ANN@example.com"))
    page = json(await acme.get("/Users"))
    assert [each["id"] for each in page["Resources"]] == [ours["id"]]


async def test_users_from_the_provider_are_not_taken_from_the_directory(
    surface: Surface, acme: Client
) -> None:
    await hear(surface, user_state(acme.tenant.tenant_id, uuid7(), origin="scim"))
    assert json(await acme.get("/Users"))["totalResults"] == 0


async def test_a_hand_made_user_of_one_tenant_is_nothing_to_another(
    surface: Surface, acme: Client
) -> None:
    other, user_id = await surface.tenant("other"), uuid7()
    await hear(surface, user_state(acme.tenant.tenant_id, user_id))
    await hear(surface, user_state(other.tenant.tenant_id, user_id, display_name="Other"))
    await hear(surface, with_(user_state(other.tenant.tenant_id, user_id), data=None))
    assert json(await acme.get(f"/Users/{user_id}"))["displayName"] == "Ann"
    assert (await other.get(f"/Users/{user_id}")).status_code == 404
