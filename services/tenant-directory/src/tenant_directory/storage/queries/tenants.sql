-- name: find_tenant_by_id
-- returns a tenant by id, locked
SELECT tenant_id, name, package, status, default_role, invitations_enabled, version,
       created_at, updated_at
FROM tenants WHERE tenant_id = :tenant_id FOR NO KEY UPDATE

-- name: find_tenant_by_name
-- returns a tenant by name, locked
-- cross-tenant: a tenant's name is unique among all; this is where it gets its id.
SELECT tenant_id, name, package, status, default_role, invitations_enabled, version,
       created_at, updated_at
FROM tenants WHERE name = :name FOR NO KEY UPDATE

-- name: add_tenant
-- adds a tenant unless its name is taken
INSERT INTO tenants (tenant_id, name, package, status, default_role, invitations_enabled, version,
                     created_at, updated_at)
VALUES (:tenant_id, :name, :package, :status, :default_role, :invitations_enabled, :version,
        :created_at, :updated_at)
ON CONFLICT (name) DO NOTHING
RETURNING tenant_id

-- name: save_tenant
-- replaces what can change of a tenant
UPDATE tenants
SET package = :package, status = :status, default_role = :default_role,
    invitations_enabled = :invitations_enabled, version = :version, updated_at = :updated_at
WHERE tenant_id = :tenant_id

-- name: page_tenants
-- returns tenants after a name, by name
-- cross-tenant: platform operators list all tenants.
SELECT tenant_id, name, package, status, default_role, invitations_enabled, version,
       created_at, updated_at
FROM tenants WHERE name > :after ORDER BY name LIMIT :limit
