-- name: insert_session
-- Stores a new session of somebody who may still sign in by a connection that still lets people in.
-- With a code the app that it is for is let into it at once.
-- The locks make whoever takes one of both away wait, and find the session then.
WITH allowed AS MATERIALIZED (
    SELECT users.id
    FROM users
    JOIN connections ON connections.tenant_id = users.tenant_id
    WHERE users.tenant_id = :tenant_id AND users.id = :user_id AND users.active
      AND connections.id = :connection_id AND connections.active IS NOT NULL
      AND NOT connections.suspended
    FOR SHARE OF users, connections
), started AS (
    INSERT INTO sessions (
        tenant_id, id, user_id, connection_id, secret_digest, name_id, name_id_format, session_index,
        authenticated_at, expires_at, ends_at, idle, acr, amr
    )
    SELECT
        :tenant_id, :id, allowed.id, :connection_id, :secret_digest, :name_id, :name_id_format,
        :session_index, :authenticated_at, :expires_at, :ends_at, :idle, :acr, :amr
    FROM allowed
    RETURNING tenant_id, id
), let_in AS (
    INSERT INTO session_clients (tenant_id, session_id, client_id)
    SELECT tenant_id, id, :client_id FROM started WHERE (:code_digest)::bytea IS NOT NULL
), issued AS (
    INSERT INTO codes (
        tenant_id, digest, session_id, client_id, redirect_uri, code_challenge, nonce, scope,
        expires_at
    )
    SELECT
        tenant_id, :code_digest, id, :client_id, :redirect_uri, :code_challenge, :nonce, :scope,
        :code_expires_at
    FROM started
    WHERE (:code_digest)::bytea IS NOT NULL
)
SELECT id FROM started;

-- name: find_session
-- A live session of somebody who may sign in.
-- cross-tenant: the secret of 256 bits names the session, whoever's it is.
SELECT
    sessions.tenant_id, sessions.id AS session_id, sessions.user_id, sessions.connection_id,
    sessions.authenticated_at, sessions.expires_at, sessions.ends_at, sessions.acr, sessions.amr,
    users.id, users.user_name, users.external_id,
    users.email, users.display_name, users.given_name, users.family_name, users.role, users.active
FROM sessions
JOIN users ON users.tenant_id = sessions.tenant_id AND users.id = sessions.user_id
WHERE sessions.secret_digest = :secret_digest AND sessions.ended_at IS NULL
  AND sessions.expires_at > :now AND users.active;

-- name: find_session_by_token
-- The same, by an access token that was not revoked, while the browser or an app offline has it.
SELECT
    sessions.tenant_id, sessions.id AS session_id, sessions.user_id, sessions.connection_id,
    sessions.authenticated_at, sessions.expires_at, sessions.ends_at, sessions.acr, sessions.amr,
    users.id, users.user_name, users.external_id,
    users.email, users.display_name, users.given_name, users.family_name, users.role, users.active
FROM sessions
JOIN users ON users.tenant_id = sessions.tenant_id AND users.id = sessions.user_id
WHERE sessions.tenant_id = :tenant_id AND sessions.id = :session_id AND sessions.ended_at IS NULL
  AND GREATEST(sessions.expires_at, sessions.offline_until) > :now AND users.active
  AND NOT EXISTS (
      SELECT 1
      FROM session_clients AS apps
      WHERE apps.tenant_id = :tenant_id AND apps.session_id = :session_id
        AND apps.client_id = :client_id AND apps.revoked_before >= :token_id
  );

-- name: insert_code
-- Stores a code, and that the session was let into this app; it is not idle then.
WITH seen AS (
    UPDATE sessions SET expires_at = LEAST(ends_at, (:now)::timestamptz + idle)
    WHERE tenant_id = :tenant_id AND id = :session_id AND ended_at IS NULL AND expires_at > :now
      AND expires_at < LEAST(ends_at, (:now)::timestamptz + idle - interval '5 minutes')
),
let_in AS (
    INSERT INTO session_clients (tenant_id, session_id, client_id)
    VALUES (:tenant_id, :session_id, :client_id)
    ON CONFLICT DO NOTHING
)
INSERT INTO codes (
    tenant_id, digest, session_id, client_id, redirect_uri, code_challenge, nonce, scope, expires_at
)
VALUES (
    :tenant_id, :digest, :session_id, :client_id, :redirect_uri, :code_challenge, :nonce, :scope,
    :expires_at
);

-- name: prune_sessions
-- Deletes sessions, with their codes, that ended long ago.
-- cross-tenant: all of them are kept for the same time.
DELETE FROM sessions WHERE (tenant_id, id) IN (
    SELECT tenant_id, id
    FROM sessions
    WHERE GREATEST(expires_at, offline_until) < :before
    ORDER BY GREATEST(expires_at, offline_until)
    LIMIT :limit
);
