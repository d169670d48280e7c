"""What the audit log had before it was kept by months stays, and so does the order of ids."""

from pathlib import Path

import asyncpg
import pytest

import tenant_directory
from support.databases import DatabaseFactory
from tenant_directory.storage.audit_log import PostgresAuditLogMonths

MIGRATIONS = Path(tenant_directory.__file__).parent / "storage/migrations"
BEFORE = """
    DROP TABLE audit_log;
    DROP FUNCTION keep_audit_log;
    DROP FUNCTION refuse_audit_log_change CASCADE;
"""


@pytest.mark.parametrize("entries", [0, 3])
async def test_entries_of_before_are_kept(database: DatabaseFactory, entries: int) -> None:
    dsn = await database("tenant-directory")
    async with asyncpg.create_pool(dsn, min_size=1, max_size=2) as pool:
        await pool.execute(BEFORE)
        await pool.execute(_up("1002_audit_log.sql"))
        tenant = await pool.fetchval(
            "INSERT INTO tenants (tenant_id, name, package, status, default_role,"
            " invitations_enabled, version, created_at, updated_at)"
            " VALUES (gen_random_uuid(), 'acme', 'business', 'active', 'member', true, 1, now(),"
            " now()) RETURNING tenant_id"
        )
        insert = (
            "INSERT INTO audit_log (tenant_id, at, actor, action, subject, details)"
            " VALUES ($1, now() - make_interval(days => $2), 'a', 'b', 'c', '{}') RETURNING id"
        )
        before = [await pool.fetchval(insert, tenant, 100 * number) for number in range(entries)]

        await pool.execute(_up("1004_audit_log_partitions.sql"))

        ids = [row["id"] for row in await pool.fetch("SELECT id FROM audit_log ORDER BY id")]
        assert ids == before
        after = await pool.fetchval(insert, tenant, 0)
        assert after > max(before, default=0)
        # The months of before are one; it goes when its last one is too old.
        assert await PostgresAuditLogMonths(pool).keep(400) == 0
        assert await pool.fetchval("SELECT count(*) FROM audit_log") == entries + 1
        with pytest.raises(asyncpg.RaiseError, match="append only"):
            await pool.execute("DELETE FROM audit_log")


def _up(name: str) -> str:
    return (MIGRATIONS / name).read_text("utf-8").partition("-- migrate:down")[0]
