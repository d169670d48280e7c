-- name: find_tenant
-- A tenant by id.
SELECT tenant_id, name, package, status FROM tenants WHERE tenant_id = :tenant_id;

-- name: find_tenant_named
-- A tenant by name; the newest when two have it for a moment.
-- cross-tenant: operators name a tenant; this is where it gets its id.
SELECT tenant_id, name, package, status FROM tenants WHERE name = lower(:name)
ORDER BY tenant_id DESC LIMIT 1;

-- name: save_tenant
-- Inserts a tenant or replaces its state.
INSERT INTO tenants (tenant_id, name, package, status, version)
VALUES (:tenant_id, :name, :package, :status, :version)
ON CONFLICT (tenant_id) DO UPDATE
SET name = :name, package = :package, status = :status, version = :version
WHERE tenants.version < :version;

-- name: delete_tenant
-- Forgets a tenant.
DELETE FROM tenants WHERE tenant_id = :tenant_id;
