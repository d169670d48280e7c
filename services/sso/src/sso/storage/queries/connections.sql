-- name: insert_connection
-- Stores a new connection.
INSERT INTO connections (tenant_id, id, name, kind, created_at, tested, suspended, version)
VALUES (:tenant_id, :id, :name, :kind, :created_at, false, false, 1);

-- name: list_connections
-- A tenant's connections, the oldest first.
SELECT tenant_id, id, name, kind, created_at, candidate, tested, active, suspended, version
FROM connections
WHERE tenant_id = :tenant_id
ORDER BY created_at, id;

-- name: find_connection
-- The connection that an address names.
-- cross-tenant: the address of a connection names no tenant, and tells whose it is.
SELECT tenant_id, id, name, kind, created_at, candidate, tested, active, suspended, version
FROM connections
WHERE id = :id;

-- name: find_connection_with_tenant
-- The same, with what is known of its tenant and the domains that it holds.
-- cross-tenant: the address of a connection names no tenant, and tells whose it is.
SELECT
    connections.tenant_id, connections.id, connections.name, connections.kind,
    connections.created_at, connections.candidate, connections.tested, connections.active,
    connections.suspended, connections.version, tenants.name AS tenant_name, tenants.package,
    tenants.status,
    ARRAY(
        SELECT domains.domain FROM domains WHERE domains.tenant_id = connections.tenant_id
    ) AS domains
FROM connections
LEFT JOIN tenants ON tenants.tenant_id = connections.tenant_id
WHERE connections.id = :id;

-- name: lock_connection
-- The same, to be changed.
-- cross-tenant: the address of a connection names no tenant, and tells whose it is.
SELECT tenant_id, id, name, kind, created_at, candidate, tested, active, suspended, version
FROM connections
WHERE id = :id
FOR UPDATE;

-- name: find_active_connection
-- The connection that a tenant's people sign in by.
SELECT tenant_id, id, name, kind, created_at, candidate, tested, active, suspended, version
FROM connections
WHERE tenant_id = :tenant_id AND active IS NOT NULL AND NOT suspended;

-- name: save_connection
-- Stores what has become of a connection.
UPDATE connections
SET candidate = :candidate, tested = :tested, active = :active, suspended = :suspended,
    version = :version
WHERE tenant_id = :tenant_id AND id = :id;
