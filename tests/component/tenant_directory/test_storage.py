"""The schema itself: the audit log only grows, tenants cannot be crossed."""

import asyncpg
import pytest

from conformance.tenant_directory.harness import Harness, idp_user
from tenant_directory.usecases.ports import ConcurrentChangeError


@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit_log SET actor = 'nobody'", "DELETE FROM audit_log", "TRUNCATE audit_log"],
)
async def test_the_audit_log_only_grows(
    directory: Harness, pool: asyncpg.Pool, statement: str
) -> None:
    await directory.tenant()
    with pytest.raises(asyncpg.RaiseError, match="append only"):
        await pool.execute(statement)


async def test_a_membership_cannot_join_two_tenants(directory: Harness, pool: asyncpg.Pool) -> None:
    acme, bolt = await directory.tenant("acme"), await directory.tenant("bolt")
    group = await directory.group(acme)
    stranger = await directory.apply(bolt, idp_user())
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await pool.execute(
            "INSERT INTO memberships (tenant_id, group_id, user_id) VALUES ($1, $2, $3)",
            acme.tenant_id,
            group,
            stranger.user_id,
        )


async def test_a_name_taken_between_look_up_and_write_is_a_concurrent_change(
    directory: Harness, pool: asyncpg.Pool
) -> None:
    tenant = await directory.tenant()
    loser = await directory.apply(tenant, idp_user("b@acme.com"))

    async def rename() -> None:
        async with directory.uow() as work:
            found = await work.users.find(tenant.tenant_id, loser.user_id, "ada@acme.com")
            assert found.user is not None
            await directory.manual_user(tenant, "ada@acme.com")
            renamed = found.user.updated_from_idp(
                idp_user("ada@acme.com", user_id=loser.user_id, version=2), directory.clock.now()
            )
            await work.users.save(renamed)

    with pytest.raises(ConcurrentChangeError):
        await rename()
    assert (await directory.user(tenant, loser.user_id)).user_name == "b@acme.com"
