-- name: insert_session
-- Stores a new session.
INSERT INTO sessions (
    tenant_id, id, user_id, connection_id, secret_digest, name_id, name_id_format, session_index,
    authenticated_at, expires_at
)
VALUES (
    :tenant_id, :id, :user_id, :connection_id, :secret_digest, :name_id, :name_id_format,
    :session_index, :authenticated_at, :expires_at
);

-- name: find_session
-- A live session of somebody who may sign in.
-- cross-tenant: the secret of 256 bits names the session, whoever's it is.
SELECT
    sessions.tenant_id, sessions.id AS session_id, sessions.user_id, sessions.connection_id,
    sessions.authenticated_at, sessions.expires_at, users.id, users.user_name, users.external_id,
    users.email, users.display_name, users.given_name, users.family_name, users.role, users.active
FROM sessions
JOIN users ON users.tenant_id = sessions.tenant_id AND users.id = sessions.user_id
WHERE sessions.secret_digest = :secret_digest AND sessions.ended_at IS NULL
  AND sessions.expires_at > :now AND users.active;

-- name: find_session_by_id
-- The same, by the session's id.
SELECT
    sessions.tenant_id, sessions.id AS session_id, sessions.user_id, sessions.connection_id,
    sessions.authenticated_at, sessions.expires_at, users.id, users.user_name, users.external_id,
    users.email, users.display_name, users.given_name, users.family_name, users.role, users.active
FROM sessions
JOIN users ON users.tenant_id = sessions.tenant_id AND users.id = sessions.user_id
WHERE sessions.tenant_id = :tenant_id AND sessions.id = :id AND sessions.ended_at IS NULL
  AND sessions.expires_at > :now AND users.active;

-- name: insert_code
-- Stores a code.
INSERT INTO codes (
    tenant_id, digest, session_id, client_id, redirect_uri, code_challenge, nonce, scope, expires_at
)
VALUES (
    :tenant_id, :digest, :session_id, :client_id, :redirect_uri, :code_challenge, :nonce, :scope,
    :expires_at
);

-- name: use_code
-- Uses a code up and returns what it is good for, if its session and its person are.
-- cross-tenant: the code of 256 bits names the session, whoever's it is.
WITH used AS (
    UPDATE codes SET used_at = :now
    WHERE digest = :digest AND used_at IS NULL AND expires_at > :now
    RETURNING tenant_id, session_id, client_id, redirect_uri, code_challenge, nonce, scope
)
SELECT
    used.client_id, used.redirect_uri, used.code_challenge, used.nonce, used.scope,
    sessions.tenant_id, sessions.id AS session_id, sessions.user_id, sessions.connection_id,
    sessions.authenticated_at, sessions.expires_at, users.id, users.user_name, users.external_id,
    users.email, users.display_name, users.given_name, users.family_name, users.role, users.active
FROM used
JOIN sessions ON sessions.tenant_id = used.tenant_id AND sessions.id = used.session_id
JOIN users ON users.tenant_id = sessions.tenant_id AND users.id = sessions.user_id
WHERE sessions.ended_at IS NULL AND sessions.expires_at > :now AND users.active;

-- name: end_session
-- Ends a session.
UPDATE sessions SET ended_at = :now, ended_because = :because
WHERE tenant_id = :tenant_id AND id = :id AND ended_at IS NULL
RETURNING id;

-- name: end_sessions_of_user
-- Ends every session of a user.
UPDATE sessions SET ended_at = :now, ended_because = :because
WHERE tenant_id = :tenant_id AND user_id = :user_id AND ended_at IS NULL;

-- name: end_sessions_of_connection
-- Ends every session that came by a connection.
UPDATE sessions SET ended_at = :now, ended_because = :because
WHERE tenant_id = :tenant_id AND connection_id = :connection_id AND ended_at IS NULL;

-- name: prune_sessions
-- Deletes sessions, with their codes, that ended long ago.
-- cross-tenant: all of them are kept for the same time.
DELETE FROM sessions WHERE (tenant_id, id) IN (
    SELECT tenant_id, id FROM sessions WHERE expires_at < :before ORDER BY expires_at LIMIT :limit
);

-- name: prune_codes
-- Deletes codes that are over.
-- cross-tenant: all of them end after the same time.
DELETE FROM codes WHERE digest IN (
    SELECT digest FROM codes WHERE expires_at < :before ORDER BY expires_at LIMIT :limit
);
