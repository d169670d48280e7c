-- name: take_logout_request
-- Takes a LogoutRequest; no row comes back when it was taken before.
INSERT INTO used_assertions (tenant_id, connection_id, assertion_id, expires_at)
VALUES (:tenant_id, :connection_id, :request_id, :expires_at)
ON CONFLICT DO NOTHING
RETURNING assertion_id;

-- name: find_session_subject
-- By which connection a session came, and as whom its identity provider knows it.
SELECT connection_id, name_id, name_id_format, session_index
FROM sessions
WHERE tenant_id = :tenant_id AND id = :session_id;

-- name: insert_logout
-- Remembers that a browser has left to be signed out.
INSERT INTO pending_logouts (tenant_id, connection_id, request_id, return_to, expires_at)
VALUES (:tenant_id, :connection_id, :request_id, :return_to, :expires_at);

-- name: complete_logout
-- Returns where a browser that comes back goes on to, once.
DELETE FROM pending_logouts
WHERE tenant_id = :tenant_id AND connection_id = :connection_id AND request_id = :request_id
  AND expires_at > :now
RETURNING return_to;

-- name: prune_logouts
-- Forgets browsers that never came back.
-- cross-tenant: all of them end after the same time.
DELETE FROM pending_logouts WHERE (tenant_id, connection_id, request_id) IN (
    SELECT tenant_id, connection_id, request_id
    FROM pending_logouts
    WHERE expires_at < :before
    ORDER BY expires_at
    LIMIT :limit
);
