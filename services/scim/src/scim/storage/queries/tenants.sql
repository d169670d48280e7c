-- name: upsert_tenant
-- Takes over what the directory says about a tenant.
INSERT INTO tenants (tenant_id, name, package, status)
VALUES ($1, $2, $3, $4)
ON CONFLICT (tenant_id) DO UPDATE
SET name = excluded.name, package = excluded.package, status = excluded.status;

-- name: delete_tenant
-- Forgets a tenant that has left the directory, and its tokens with it.
DELETE FROM tenants WHERE tenant_id = $1;

-- name: find_tenant
-- Finds a tenant by its id.
SELECT tenant_id, name, package, status FROM tenants WHERE tenant_id = $1;

-- name: find_tenant_by_name
-- Finds a tenant by its name without regard to case; the name is what picks the tenant_id.
-- cross-tenant: operators name a tenant; this is where it gets its id.
SELECT tenant_id, name, package, status FROM tenants WHERE lower(name) = lower($1);
