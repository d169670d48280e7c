-- name: insert_client
-- Stores a new app; no row comes back when its id is taken.
-- cross-tenant: apps belong to the deployment.
INSERT INTO clients (
    id, name, secret_digest, redirect_uris, post_logout_redirect_uris, backchannel_logout_uri,
    initiate_login_uri, audiences, service, access_token_seconds, public_keys, allowed_origins, consent,
    created_at
)
VALUES (
    :id, :name, :secret_digest, :redirect_uris, :post_logout_redirect_uris, :backchannel_logout_uri,
    :initiate_login_uri, :audiences, :service, :access_token_seconds, :public_keys,
    :allowed_origins, :consent, :created_at
)
ON CONFLICT DO NOTHING
RETURNING id;

-- name: find_client
-- An app by its id.
-- cross-tenant: apps belong to the deployment.
SELECT
    id, name, secret_digest, redirect_uris, post_logout_redirect_uris, backchannel_logout_uri,
    initiate_login_uri, audiences, service, access_token_seconds, public_keys,
    allowed_origins, consent, previous_secret_digest, previous_secret_until, disabled_at IS NOT NULL AS disabled
FROM clients
WHERE id = :id;

-- name: find_origin
-- Whether an enabled app runs at an origin.
-- cross-tenant: apps belong to the deployment.
SELECT EXISTS (
    SELECT 1 FROM clients WHERE :origin = ANY (allowed_origins) AND disabled_at IS NULL
);

-- name: list_clients
-- All apps.
-- cross-tenant: apps belong to the deployment.
SELECT
    id, name, secret_digest, redirect_uris, post_logout_redirect_uris, backchannel_logout_uri,
    initiate_login_uri, audiences, service, access_token_seconds, public_keys,
    allowed_origins, consent, previous_secret_digest, previous_secret_until, disabled_at IS NOT NULL AS disabled
FROM clients
ORDER BY id;

-- name: disable_client
-- Lets nobody sign in by an app any more.
-- cross-tenant: apps belong to the deployment.
UPDATE clients SET disabled_at = :now WHERE id = :id AND disabled_at IS NULL RETURNING id;

-- name: rotate_client_secret
-- Gives an app another secret; the old one goes on for a while.
-- cross-tenant: apps belong to the deployment.
UPDATE clients
SET previous_secret_digest = secret_digest, previous_secret_until = :old_until,
    secret_digest = :digest
WHERE id = :id AND secret_digest IS NOT NULL AND disabled_at IS NULL
RETURNING id;
