-- name: list_sessions_of_tenant
-- A tenant's live sessions, the newest first.
SELECT
    sessions.tenant_id, sessions.id AS session_id, sessions.user_id, sessions.connection_id,
    sessions.authenticated_at, sessions.expires_at, sessions.ends_at, sessions.acr, sessions.amr,
    users.user_name,
    ARRAY(
        SELECT apps.client_id
        FROM session_clients AS apps
        WHERE apps.tenant_id = sessions.tenant_id AND apps.session_id = sessions.id
        ORDER BY apps.client_id
    ) AS client_ids
FROM sessions
LEFT JOIN users ON users.tenant_id = sessions.tenant_id AND users.id = sessions.user_id
WHERE sessions.tenant_id = :tenant_id
  AND sessions.ended_at IS NULL AND sessions.id < :before
  AND GREATEST(sessions.expires_at, sessions.offline_until) > :now
ORDER BY sessions.id DESC
LIMIT :limit;

-- name: list_sessions_of_user
-- Those of one user.
SELECT
    sessions.tenant_id, sessions.id AS session_id, sessions.user_id, sessions.connection_id,
    sessions.authenticated_at, sessions.expires_at, sessions.ends_at, sessions.acr, sessions.amr,
    users.user_name,
    ARRAY(
        SELECT apps.client_id
        FROM session_clients AS apps
        WHERE apps.tenant_id = sessions.tenant_id AND apps.session_id = sessions.id
        ORDER BY apps.client_id
    ) AS client_ids
FROM sessions
LEFT JOIN users ON users.tenant_id = sessions.tenant_id AND users.id = sessions.user_id
WHERE sessions.tenant_id = :tenant_id AND sessions.user_id = :subject
  AND sessions.ended_at IS NULL AND sessions.id < :before
  AND GREATEST(sessions.expires_at, sessions.offline_until) > :now
ORDER BY sessions.id DESC
LIMIT :limit;

-- name: list_sessions_of_session
-- The one of an id, as the others are listed.
SELECT
    sessions.tenant_id, sessions.id AS session_id, sessions.user_id, sessions.connection_id,
    sessions.authenticated_at, sessions.expires_at, sessions.ends_at, sessions.acr, sessions.amr,
    users.user_name,
    ARRAY(
        SELECT apps.client_id
        FROM session_clients AS apps
        WHERE apps.tenant_id = sessions.tenant_id AND apps.session_id = sessions.id
        ORDER BY apps.client_id
    ) AS client_ids
FROM sessions
LEFT JOIN users ON users.tenant_id = sessions.tenant_id AND users.id = sessions.user_id
WHERE sessions.tenant_id = :tenant_id AND sessions.id = :subject
  AND sessions.ended_at IS NULL AND sessions.id < :before
  AND GREATEST(sessions.expires_at, sessions.offline_until) > :now
ORDER BY sessions.id DESC
LIMIT :limit;

-- name: list_sessions_of_connection
-- Those that came by a connection.
SELECT
    sessions.tenant_id, sessions.id AS session_id, sessions.user_id, sessions.connection_id,
    sessions.authenticated_at, sessions.expires_at, sessions.ends_at, sessions.acr, sessions.amr,
    users.user_name,
    ARRAY(
        SELECT apps.client_id
        FROM session_clients AS apps
        WHERE apps.tenant_id = sessions.tenant_id AND apps.session_id = sessions.id
        ORDER BY apps.client_id
    ) AS client_ids
FROM sessions
LEFT JOIN users ON users.tenant_id = sessions.tenant_id AND users.id = sessions.user_id
WHERE sessions.tenant_id = :tenant_id AND sessions.connection_id = :subject
  AND sessions.ended_at IS NULL AND sessions.id < :before
  AND GREATEST(sessions.expires_at, sessions.offline_until) > :now
ORDER BY sessions.id DESC
LIMIT :limit;

-- name: list_sessions_of_client
-- Those that an app was let into.
-- cross-tenant: apps belong to the deployment.
SELECT
    sessions.tenant_id, sessions.id AS session_id, sessions.user_id, sessions.connection_id,
    sessions.authenticated_at, sessions.expires_at, sessions.ends_at, sessions.acr, sessions.amr,
    users.user_name,
    ARRAY(
        SELECT apps.client_id
        FROM session_clients AS apps
        WHERE apps.tenant_id = sessions.tenant_id AND apps.session_id = sessions.id
        ORDER BY apps.client_id
    ) AS client_ids
FROM session_clients
JOIN sessions
    ON sessions.tenant_id = session_clients.tenant_id AND sessions.id = session_clients.session_id
LEFT JOIN users ON users.tenant_id = sessions.tenant_id AND users.id = sessions.user_id
WHERE session_clients.client_id = :subject AND session_clients.session_id < :before
  AND sessions.ended_at IS NULL AND GREATEST(sessions.expires_at, sessions.offline_until) > :now
ORDER BY session_clients.session_id DESC
LIMIT :limit;
