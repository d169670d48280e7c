-- name: take_assertion
-- Remembers an assertion of an app; no row comes back when it is remembered already.
-- cross-tenant: apps belong to the deployment.
INSERT INTO client_assertions (client_id, digest, expires_at)
VALUES (:client_id, :digest, :expires_at)
ON CONFLICT DO NOTHING
RETURNING client_id;

-- name: insert_pushed_request
-- Stores a request that an app sent ahead.
-- cross-tenant: apps belong to the deployment.
INSERT INTO pushed_requests (digest, client_id, parameters, expires_at)
VALUES (:digest, :client_id, :parameters, :expires_at);

-- name: find_pushed_request
-- A request that an app sent ahead; browsers may be loaded again, so it is not used up.
-- cross-tenant: apps belong to the deployment.
SELECT parameters
FROM pushed_requests
WHERE digest = :digest AND client_id = :client_id AND expires_at > :now;

-- name: prune_client_assertions
-- Forgets assertions that are over.
-- cross-tenant: apps belong to the deployment.
DELETE FROM client_assertions WHERE (client_id, digest) IN (
    SELECT client_id, digest
    FROM client_assertions
    WHERE expires_at < :before
    ORDER BY expires_at
    LIMIT :limit
);

-- name: prune_pushed_requests
-- Deletes requests that are over.
-- cross-tenant: apps belong to the deployment.
DELETE FROM pushed_requests WHERE digest IN (
    SELECT digest FROM pushed_requests WHERE expires_at < :before ORDER BY expires_at LIMIT :limit
);
