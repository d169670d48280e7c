"""The tenant that an operator means: by name, or by id in any form that people paste."""

from uuid import UUID

import pytest

from kernel.errors import NotFoundError
from kernel.tenant import Tenant
from scim.usecases.tenants import FindTenant

ACME = Tenant(UUID(int=7), "acme", "business", "active")


class OneTenant:
    async def find(self, tenant_id: UUID) -> Tenant | None:
        return ACME if tenant_id == ACME.tenant_id else None

    async def find_named(self, name: str) -> Tenant | None:
        return ACME if name == ACME.name else None


@pytest.mark.parametrize(
    "text", ["acme", " acme ", str(ACME.tenant_id), f"{{{ACME.tenant_id}}}", ACME.tenant_id.hex]
)
async def test_a_tenant_is_found_by_name_or_id(text: str) -> None:
    assert await FindTenant(OneTenant())(text) == ACME


@pytest.mark.parametrize("text", ["globex", str(UUID(int=8))])
async def test_an_unknown_tenant_is_refused(text: str) -> None:
    with pytest.raises(NotFoundError) as refusal:
        await FindTenant(OneTenant())(text)
    assert refusal.value.slug == "tenant-unknown"
