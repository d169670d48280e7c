"""The statements that are prepared on every connection before a process is ready."""

from tenant_directory.storage import batch, change_log, groups, tenants, users

PREPARED_QUERIES = (
    users.QUERIES["find_user"].sql,
    users.QUERIES["save_user"].sql,
    users.QUERIES["remove_user"].sql,
    groups.QUERIES["find_group"].sql,
    groups.QUERIES["save_group"].sql,
    groups.QUERIES["remove_group"].sql,
    groups.QUERIES["change_members"].sql,
    tenants.QUERIES["find_tenant_by_id"].sql,
    change_log.QUERIES["record_changes"].sql,
    *(query.sql for query in batch.QUERIES.values()),
)
"""What the consumer runs for events, one by one and as a batch."""
