"""Tenants: names, settings and races, the same in memory and in PostgreSQL."""

import asyncio

import pytest

from conformance.tenant_directory.harness import ACTOR, Harness
from kernel.errors import ConflictError, InvalidError, NotFoundError
from kernel.tenant import Package, TenantStatus
from tenant_directory.domain.tenant import Role, Tenant


async def test_a_tenant_is_published_as_event_and_as_state(directory: Harness) -> None:
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
    for _ in range(2):
        await directory.use_cases.set_default_role("acme", None, actor=ACTOR)
        await directory.use_cases.set_package("ACME", Package.FREE, actor=ACTOR)
        await directory.use_cases.set_invitations(str(tenant.tenant_id), True, actor=ACTOR)
        changed = await directory.use_cases.set_tenant_status(
            "acme", TenantStatus.SUSPENDED, actor=ACTOR
        )

    assert changed.version == 5
    assert changed == await directory.use_cases.get_tenant("acme")
    assert (changed.package, changed.default_role) == (Package.FREE, None)
    states = await directory.data("directory.tenant.state.v1")
    assert [state["version"] for state in states] == [1, 2, 3, 4, 5]
    assert states[-1]["status"] == "suspended"
    assert await directory.actions(tenant) == ["tenant.created", *["tenant.updated"] * 4]


async def test_changes_at_once_lose_nothing(directory: Harness) -> None:
    await directory.tenant()
    await asyncio.gather(
        directory.use_cases.set_default_role("acme", Role.TENANT_ADMIN, actor=ACTOR),
        directory.use_cases.set_package("acme", Package.SMB, actor=ACTOR),
        directory.use_cases.set_invitations("acme", True, actor=ACTOR),
    )
    tenant = await directory.use_cases.get_tenant("acme")
    assert (tenant.default_role, tenant.package) == (Role.TENANT_ADMIN, Package.SMB)
    assert (tenant.invitations_enabled, tenant.version) == (True, 4)


async def test_a_bad_name_or_an_unknown_tenant_changes_nothing(directory: Harness) -> None:
    ids = ("0190b5d8-0000-7000-8000-000000000000", "0190b5d8000070008000000000000000")
    for name in ("", "-acme", "a b", "a" * 64, *ids):
        with pytest.raises(InvalidError):
            await directory.tenant(name)
    with pytest.raises(NotFoundError, match="tenant create"):
        await directory.use_cases.get_tenant("nobody")
    assert list(await directory.outbox()) == []


async def test_a_tenant_is_found_by_any_spelling_of_its_name_or_id(directory: Harness) -> None:
    tenant = await directory.tenant()
    tenant_id = tenant.tenant_id
    for spelling in (" ACME ", str(tenant_id), tenant_id.hex, f"{{{tenant_id}}}", tenant_id.urn):
        assert await directory.use_cases.get_tenant(spelling) == tenant


async def test_tenants_are_listed_by_name_across_pages(
    directory: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tenant_directory.usecases.paging.PAGE_SIZE", 2)
    for name in ("delta", "alpha", "charlie", "bravo"):
        await directory.tenant(name)
    listed = [tenant.name async for tenant in directory.use_cases.list_tenants()]
    assert listed == ["alpha", "bravo", "charlie", "delta"]
