-- name: find_tenant_by_id
-- returns a tenant by id, locked
SELECT tenant_id, name, package, status, default_role, invitations_enabled, version,
       created_at, updated_at
FROM tenants WHERE tenant_id = $1 FOR NO KEY UPDATE

-- name: find_tenant_by_name
-- returns a tenant by name, locked
-- cross-tenant: a tenant's name is unique among all; this is where it gets its id.
SELECT tenant_id, name, package, status, default_role, invitations_enabled, version,
       created_at, updated_at
FROM tenants WHERE name = $1 FOR NO KEY UPDATE

-- name: add_tenant
-- adds a tenant unless its name is taken
INSERT INTO tenants (tenant_id, name, package, status, default_role, invitations_enabled, version,
                     created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (name) DO NOTHING
RETURNING tenant_id

-- name: save_tenant
-- replaces what can change of a tenant
UPDATE tenants
SET package = $2, status = $3, default_role = $4, invitations_enabled = $5, version = $6,
    updated_at = $7
WHERE tenant_id = $1

-- name: page_tenants
-- returns tenants after a name, by name
-- cross-tenant: platform operators list all tenants.
SELECT tenant_id, name, package, status, default_role, invitations_enabled, version,
       created_at, updated_at
FROM tenants WHERE name > $1 ORDER BY name LIMIT $2
