"""Tenants: names, settings and races, the same in memory and in PostgreSQL."""

import asyncio

import pytest

from conformance.tenant_directory.harness import ACTOR, Harness
from tenant_directory.domain.errors import ConflictError, InvalidError, NotFoundError
from tenant_directory.domain.tenant import Package, Role, Tenant, TenantStatus
from tenant_directory.usecases.change_tenant import (
    SetDefaultRole,
    SetInvitations,
    SetPackage,
    SetTenantStatus,
)
from tenant_directory.usecases.show import ListTenants, ShowTenant


async def test_a_tenant_is_told_to_the_bus_as_event_and_as_state(directory: Harness) -> None:
    tenant = await directory.tenant("Acme")
    assert tenant.name == "acme"
    assert await directory.published() == [
        ("directory.tenant.created.v1", str(tenant.tenant_id), None),
        ("directory.tenant.state.v1", str(tenant.tenant_id), 1),
    ]
    [state] = await directory.data("directory.tenant.state.v1")
    assert (state["name"], state["package"], state["default_role"]) == (
        "acme",
        "business",
        "member",
    )


async def test_of_tenants_made_at_once_under_one_name_one_wins(directory: Harness) -> None:
    names = ["acme", "ACME", "acme", "Acme"]
    results = await asyncio.gather(
        *(directory.tenant(name) for name in names), return_exceptions=True
    )
    assert sum(isinstance(result, Tenant) for result in results) == 1
    assert sum(isinstance(result, ConflictError) for result in results) == 3
    assert len(await directory.outbox()) == 2


async def test_every_change_makes_one_version_and_no_change_makes_none(directory: Harness) -> None:
    tenant = await directory.tenant()
    uow, clock = directory.uow, directory.clock
    for _ in range(2):
        await SetDefaultRole(uow, clock)("acme", None, actor=ACTOR)
        await SetPackage(uow, clock)("ACME", Package.FREE, actor=ACTOR)
        await SetInvitations(uow, clock)(str(tenant.tenant_id), True, actor=ACTOR)
        changed = await SetTenantStatus(uow, clock)("acme", TenantStatus.SUSPENDED, actor=ACTOR)

    assert changed.version == 5
    assert changed == await ShowTenant(uow)("acme")
    assert (changed.package, changed.default_role) == (Package.FREE, None)
    states = await directory.data("directory.tenant.state.v1")
    assert [state["version"] for state in states] == [1, 2, 3, 4, 5]
    assert states[-1]["status"] == "suspended"
    assert await directory.actions(tenant) == ["tenant.created", *["tenant.updated"] * 4]


async def test_changes_at_once_lose_nothing(directory: Harness) -> None:
    await directory.tenant()
    uow, clock = directory.uow, directory.clock
    await asyncio.gather(
        SetDefaultRole(uow, clock)("acme", Role.TENANT_ADMIN, actor=ACTOR),
        SetPackage(uow, clock)("acme", Package.SMB, actor=ACTOR),
        SetInvitations(uow, clock)("acme", True, actor=ACTOR),
    )
    tenant = await ShowTenant(uow)("acme")
    assert (tenant.default_role, tenant.package) == (Role.TENANT_ADMIN, Package.SMB)
    assert (tenant.invitations_enabled, tenant.version) == (True, 4)


async def test_a_bad_name_or_an_unknown_tenant_changes_nothing(directory: Harness) -> None:
    for name in ("", "-acme", "a b", "a" * 64, "0190b5d8-0000-7000-8000-000000000000"):
        with pytest.raises(InvalidError):
            await directory.tenant(name)
    with pytest.raises(NotFoundError, match="tenant create"):
        await ShowTenant(directory.uow)("nobody")
    assert list(await directory.outbox()) == []


async def test_tenants_are_listed_by_name_across_pages(
    directory: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tenant_directory.usecases.show.PAGE", 2)
    for name in ("delta", "alpha", "charlie", "bravo"):
        await directory.tenant(name)
    listed = [tenant.name async for tenant in ListTenants(directory.uow)()]
    assert listed == ["alpha", "bravo", "charlie", "delta"]
