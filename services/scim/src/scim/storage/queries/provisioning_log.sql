-- name: insert_entries
-- Writes many log rows at once: reads, and writes that failed.
INSERT INTO provisioning_log (
    tenant_id, id, occurred_at, operation, resource_type, resource_id, resource_name,
    status, scim_type, detail, dropped, correlation_id
)
SELECT
    tenant_id, id, occurred_at, operation, resource_type, resource_id, resource_name,
    status, scim_type, detail, string_to_array(dropped, E'\n'), correlation_id
FROM unnest(
    :tenant_ids::uuid[], :ids::uuid[], :occurred_at::timestamptz[], :operations::text[],
    :resource_types::text[], :resource_ids::text[], :resource_names::text[],
    :statuses::smallint[], :scim_types::text[], :details::text[], :dropped::text[],
    :correlation_ids::text[]
) AS entry (
    tenant_id, id, occurred_at, operation, resource_type, resource_id, resource_name,
    status, scim_type, detail, dropped, correlation_id
)
ON CONFLICT DO NOTHING;

-- name: list_entries
-- A tenant's newest rows since an id, all or only the errors, the oldest first.
SELECT * FROM (
    SELECT
        id, occurred_at, operation AS endpoint, resource_type, resource_id, resource_name,
        status, scim_type, detail, dropped, correlation_id
    FROM provisioning_log
    WHERE tenant_id = :tenant_id AND id >= :first_id AND (NOT :errors OR status >= 400)
    ORDER BY id DESC
    LIMIT :limit
) AS newest
ORDER BY newest.id;

-- name: list_logged_tenants
-- Every tenant_id that has log rows, one index probe for each.
-- cross-tenant: the log of every tenant is pruned, one tenant at a time.
WITH RECURSIVE logged AS (
    (SELECT tenant_id FROM provisioning_log ORDER BY tenant_id LIMIT 1)
    UNION ALL
    SELECT (
        SELECT later.tenant_id
        FROM provisioning_log AS later
        WHERE later.tenant_id > logged.tenant_id
        ORDER BY later.tenant_id
        LIMIT 1
    )
    FROM logged
    WHERE logged.tenant_id IS NOT NULL
)
SELECT tenant_id FROM logged WHERE tenant_id IS NOT NULL;

-- name: prune_entries
-- Deletes a tenant's oldest rows before an id, a bounded number at a time.
DELETE FROM provisioning_log
WHERE tenant_id = :tenant_id AND id IN (
    SELECT oldest.id
    FROM provisioning_log AS oldest
    WHERE oldest.tenant_id = :tenant_id AND oldest.id < :before_id
    ORDER BY oldest.id
    LIMIT :limit
);
