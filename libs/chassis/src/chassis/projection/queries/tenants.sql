-- name: find_tenant
-- A tenant by id.
SELECT tenant_id, name, package, status FROM tenants WHERE tenant_id = :tenant_id;

-- name: list_tenants_named
-- The tenants of a name in any case: two while the news of a change is on its way.
-- cross-tenant: operators name a tenant; this is where it gets its id.
SELECT tenant_id, name, package, status FROM tenants WHERE lower(name) = lower(:name)
ORDER BY tenant_id;

-- name: read_version
-- The version of what is known of a tenant.
SELECT version FROM tenants WHERE tenant_id = :tenant_id;

-- name: save_tenant
-- Inserts a tenant or replaces its state by a newer one.
INSERT INTO tenants (tenant_id, name, package, status, version)
VALUES (:tenant_id, :name, :package, :status, :version)
ON CONFLICT (tenant_id) DO UPDATE
SET name = EXCLUDED.name, package = EXCLUDED.package, status = EXCLUDED.status,
    version = EXCLUDED.version
WHERE tenants.version < EXCLUDED.version;

-- name: delete_tenant
-- Removes a tenant.
DELETE FROM tenants WHERE tenant_id = :tenant_id;
