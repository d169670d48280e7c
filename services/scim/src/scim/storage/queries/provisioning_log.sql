-- name: insert_entries
-- Writes many log rows at once: reads, and writes that failed.
INSERT INTO provisioning_log (
    tenant_id, id, occurred_at, operation, resource_type, resource_id, resource_name,
    status, scim_type, detail, dropped, correlation_id
)
SELECT
    tenant_id, id, occurred_at, endpoint, resource_type, resource_id, resource_name,
    status, scim_type, detail, nullif(dropped, '{}'), correlation_id
FROM json_to_recordset(convert_from(:entries::bytea, 'UTF8')::json) AS entry (
    tenant_id uuid, id uuid, occurred_at timestamptz, endpoint text, resource_type text,
    resource_id text, resource_name text, status smallint, scim_type text, detail text,
    dropped text[], correlation_id text
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
