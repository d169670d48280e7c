-- name: find_tenant
-- A tenant by id.
SELECT tenant_id, name, package, status FROM tenants WHERE tenant_id = $1;

-- name: find_tenant_named
-- A tenant by name; the newest when two have it for a moment.
-- cross-tenant: operators name a tenant; this is where it gets its id.
SELECT tenant_id, name, package, status FROM tenants WHERE name = lower($1)
ORDER BY tenant_id DESC LIMIT 1;

-- name: save_tenant
-- Inserts a tenant or replaces its state.
INSERT INTO tenants (tenant_id, name, package, status, version) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (tenant_id) DO UPDATE
SET name = $2, package = $3, status = $4, version = $5 WHERE tenants.version < $5;

-- name: delete_tenant
-- Forgets a tenant.
DELETE FROM tenants WHERE tenant_id = $1;

-- name: lock_live_claims
-- A tenant's live claims, locked.
SELECT *, contested_since(domain, tenant_id) AS contested_since FROM claims
WHERE tenant_id = $1 AND state IN ('pending', 'verified', 'grace')
ORDER BY claim_id FOR UPDATE;

-- name: list_live_domains
-- The domains of a tenant's live claims, in the order in which they are locked.
SELECT domain FROM claims WHERE tenant_id = $1 AND state IN ('pending', 'verified', 'grace')
ORDER BY domain;
