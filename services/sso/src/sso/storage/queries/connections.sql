-- name: insert_connection
-- Stores a new connection.
INSERT INTO connections (tenant_id, id, name, kind, created_at, tested, suspended, version)
VALUES (:tenant_id, :id, :name, :kind, :created_at, false, false, 1);

-- name: list_connections
-- A tenant's connections, the oldest first.
SELECT
    tenant_id, id, name, kind, created_at, candidate, tested, active, suspended, version,
    previous, activated_at, default_client, sign_requests, single_logout,
    own_domains
FROM connections
WHERE tenant_id = :tenant_id
ORDER BY created_at, id;

-- name: find_connection
-- The connection that an address names.
-- cross-tenant: the address of a connection names no tenant, and tells whose it is.
SELECT
    tenant_id, id, name, kind, created_at, candidate, tested, active, suspended, version,
    previous, activated_at, default_client, sign_requests, single_logout,
    own_domains
FROM connections
WHERE id = :id;

-- name: find_connection_with_login
-- The connection that an address names, what is known of its tenant, the domains that it holds, and
-- the login of an id, if it is one of the connection's.
-- cross-tenant: the address of a connection names no tenant, and tells whose it is.
SELECT
    connections.tenant_id, connections.id, connections.name, connections.kind,
    connections.created_at, connections.candidate, connections.tested, connections.active,
    connections.suspended, connections.version, connections.previous, connections.activated_at,
    connections.default_client, connections.sign_requests, connections.single_logout,
    connections.own_domains, clients.initiate_login_uri,
    logins.id AS login_id, logins.use, logins.request_id, logins.browser_digest, logins.request,
    logins.expires_at, logins.proof_digest, logins.outcome,
    tenants.name AS tenant_name, tenants.package, tenants.status,
    ARRAY(
        (
            SELECT domains.domain
            FROM domains
            WHERE domains.tenant_id = connections.tenant_id
              AND cardinality(connections.own_domains) = 0
            EXCEPT
            SELECT others.domain
            FROM connection_routes AS others
            WHERE others.tenant_id = connections.tenant_id
              AND others.connection_id <> connections.id
        )
        UNION ALL
        SELECT domains.domain
        FROM domains
        WHERE domains.tenant_id = connections.tenant_id
          AND domains.domain = ANY(connections.own_domains)
    ) AS speaks_for,
    cardinality(connections.own_domains) > 0 OR EXISTS (
        SELECT 1
        FROM connection_routes AS others
        WHERE others.tenant_id = connections.tenant_id
          AND others.connection_id <> connections.id
    ) AS is_confined
FROM connections
LEFT JOIN tenants ON tenants.tenant_id = connections.tenant_id
LEFT JOIN clients ON clients.id = connections.default_client AND clients.disabled_at IS NULL
LEFT JOIN pending_logins AS logins
    ON logins.tenant_id = connections.tenant_id AND logins.connection_id = connections.id
    AND logins.id = (:login_id)::uuid
WHERE connections.id = :id;

-- name: lock_connection
-- The same, to be changed.
-- cross-tenant: the address of a connection names no tenant, and tells whose it is.
SELECT
    tenant_id, id, name, kind, created_at, candidate, tested, active, suspended, version,
    previous, activated_at, default_client, sign_requests, single_logout,
    own_domains
FROM connections
WHERE id = :id
FOR UPDATE;

-- name: find_routed_connection
-- The connection that the people of a tenant's domain sign in by: the domain's own, else the one
-- that speaks for all the others.
SELECT
    connections.tenant_id, connections.id, connections.name, connections.kind,
    connections.created_at, connections.candidate, connections.tested, connections.active,
    connections.suspended, connections.version, connections.previous, connections.activated_at,
    connections.default_client, connections.sign_requests, connections.single_logout,
    connections.own_domains
FROM connection_routes
JOIN connections
    ON connections.tenant_id = connection_routes.tenant_id
    AND connections.id = connection_routes.connection_id
WHERE connection_routes.tenant_id = :tenant_id
  AND connection_routes.domain IN ((:domain)::text, '')
ORDER BY connection_routes.domain DESC
LIMIT 1;

-- name: find_route
-- The same of a mail domain: of the tenant that holds it, if exactly one does; and that tenant.
-- cross-tenant: whose a domain is decides where its people sign in.
SELECT
    connections.tenant_id, connections.id, connections.name, connections.kind,
    connections.created_at, connections.candidate, connections.tested, connections.active,
    connections.suspended, connections.version, connections.previous, connections.activated_at,
    connections.default_client, connections.sign_requests, connections.single_logout,
    connections.own_domains, tenants.name AS tenant_name, tenants.package, tenants.status
FROM (
    SELECT (array_agg(domains.tenant_id))[1] AS tenant_id
    FROM domains
    WHERE domains.domain = :domain
    HAVING count(*) = 1
) AS holder
JOIN connection_routes
    ON connection_routes.tenant_id = holder.tenant_id
    AND connection_routes.domain IN ((:domain)::text, '')
JOIN connections
    ON connections.tenant_id = connection_routes.tenant_id
    AND connections.id = connection_routes.connection_id
LEFT JOIN tenants ON tenants.tenant_id = holder.tenant_id
ORDER BY connection_routes.domain DESC
LIMIT 1;

-- name: delete_routes
-- Leads nobody to a connection any more.
DELETE FROM connection_routes WHERE tenant_id = :tenant_id AND connection_id = :connection_id;

-- name: insert_routes
-- Leads the people of domains to a connection; one domain leads to one of them.
INSERT INTO connection_routes (tenant_id, domain, connection_id)
SELECT :tenant_id, unnest((:domains)::text[]), :connection_id;

-- name: save_connection
-- Stores what has become of a connection.
UPDATE connections
SET candidate = :candidate, tested = :tested, active = :active, suspended = :suspended,
    version = :version, previous = :previous, activated_at = :activated_at,
    default_client = :default_client, sign_requests = :sign_requests,
    single_logout = :single_logout, own_domains = :own_domains,
    certificates_told = CASE
        WHEN certificates_end IS NOT DISTINCT FROM :certificates_end THEN certificates_told
    END,
    certificates_end = :certificates_end
WHERE tenant_id = :tenant_id AND id = :id;

-- name: find_refresh
-- What became of fetching a connection's metadata again.
SELECT refreshed_at, refresh_due_at, refresh_failures, refresh_problem
FROM connections
WHERE tenant_id = :tenant_id AND id = :id;

-- name: claim_refreshes
-- Takes connections whose metadata is to be fetched again; another replica takes others, and nobody
-- these before the lease is over.
-- cross-tenant: the worker fetches everybody's.
UPDATE connections
SET refresh_due_at = :leased_until
WHERE id IN (
    SELECT id
    FROM connections
    WHERE refresh_due_at <= :now AND NOT suspended AND active ->> 'metadata_url' IS NOT NULL
    ORDER BY refresh_due_at
    LIMIT :limit
    FOR UPDATE SKIP LOCKED
)
RETURNING id;

-- name: save_refresh
-- Notes what became of it: a problem adds up, a success begins anew.
UPDATE connections
SET refresh_due_at = :due_at, refresh_problem = :problem,
    refresh_failures = CASE WHEN :problem::text IS NULL THEN 0 ELSE refresh_failures + 1 END,
    refreshed_at = CASE WHEN :problem::text IS NULL THEN :now ELSE refreshed_at END
WHERE tenant_id = :tenant_id AND id = :id;

-- name: tell_certificates
-- Connections whose last certificate ends within days of which nothing was said yet; from now on it was.
-- cross-tenant: the worker looks after everybody's.
UPDATE connections
SET certificates_told = due.days
FROM (
    SELECT id, days
    FROM connections, LATERAL (
        SELECT min(each) AS days
        FROM unnest((:thresholds)::integer[]) AS each
        WHERE certificates_end <= (:now)::timestamptz + each * interval '1 day'
    ) AS reached
    WHERE certificates_end <= (:latest)::timestamptz AND days < COALESCE(certificates_told, days + 1)
    ORDER BY certificates_end
    LIMIT :limit
    FOR UPDATE OF connections SKIP LOCKED
) AS due
WHERE connections.id = due.id
RETURNING connections.tenant_id, connections.id, connections.certificates_end, due.days;

-- name: count_certificates_told
-- How many connections' certificates end within which days.
-- cross-tenant: operators count everybody's.
SELECT certificates_told AS days, count(*) AS connections
FROM connections
WHERE certificates_told IN (60, 30, 7, 0)
GROUP BY certificates_told;
