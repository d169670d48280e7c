-- name: insert_client
-- Stores a new app; no row comes back when its id is taken.
-- cross-tenant: apps belong to the deployment.
INSERT INTO clients (id, name, secret_digest, redirect_uris, created_at)
VALUES (:id, :name, :secret_digest, :redirect_uris, :created_at)
ON CONFLICT DO NOTHING
RETURNING id;

-- name: find_client
-- An app by its id.
-- cross-tenant: apps belong to the deployment.
SELECT id, name, secret_digest, redirect_uris, disabled_at IS NOT NULL AS disabled
FROM clients
WHERE id = :id;

-- name: list_clients
-- All apps.
-- cross-tenant: apps belong to the deployment.
SELECT id, name, secret_digest, redirect_uris, disabled_at IS NOT NULL AS disabled
FROM clients
ORDER BY id;

-- name: disable_client
-- Lets nobody sign in by an app any more.
-- cross-tenant: apps belong to the deployment.
UPDATE clients SET disabled_at = :now WHERE id = :id AND disabled_at IS NULL RETURNING id;

-- name: list_keys
-- The keys that tokens are signed by, the newest first.
-- cross-tenant: keys belong to the deployment.
SELECT id, private_key, created_at FROM signing_keys ORDER BY created_at DESC, id DESC;

-- name: lock_keys
-- Lets one process at a time make the first key.
-- cross-tenant: keys belong to the deployment.
SELECT pg_advisory_xact_lock(:key::bigint);

-- name: insert_key
-- Stores a key.
-- cross-tenant: keys belong to the deployment.
INSERT INTO signing_keys (id, private_key, created_at) VALUES (:id, :private_key, :created_at);
