-- name: list_keys
-- The keys of a purpose.
-- cross-tenant: keys belong to the deployment.
SELECT id, purpose, private_key, certificate, created_at, active_from
FROM keys
WHERE purpose = :purpose;

-- name: list_private_keys
-- All private keys, encrypted.
-- cross-tenant: keys belong to the deployment.
SELECT id, private_key FROM keys ORDER BY id;

-- name: lock_keys
-- Lets one process at a time make, remove or rewrap keys.
-- cross-tenant: keys belong to the deployment.
SELECT pg_advisory_xact_lock(:key::bigint);

-- name: insert_key
-- Stores a key.
-- cross-tenant: keys belong to the deployment.
INSERT INTO keys (id, purpose, private_key, certificate, created_at, active_from)
VALUES (:id, :purpose, :private_key, :certificate, :created_at, :active_from);

-- name: delete_key
-- Removes a key that nothing needs any more.
-- cross-tenant: keys belong to the deployment.
DELETE FROM keys WHERE id = :id;

-- name: save_private_key
-- Stores a private key as it is encrypted now.
-- cross-tenant: keys belong to the deployment.
UPDATE keys SET private_key = :private_key WHERE id = :id;
