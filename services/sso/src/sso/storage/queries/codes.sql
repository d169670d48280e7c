-- name: use_code
-- Uses a code up and returns what it is good for, if its session and its person are.
-- cross-tenant: the code of 256 bits names the session, whoever's it is.
WITH used AS (
    UPDATE codes SET used_at = :now
    WHERE digest = :digest AND used_at IS NULL AND expires_at > :now
    RETURNING tenant_id, session_id, client_id, redirect_uri, code_challenge, nonce, scope, used_at
)
SELECT
    used.client_id, used.redirect_uri, used.code_challenge, used.nonce, used.scope, used.used_at,
    sessions.tenant_id, sessions.id AS session_id, sessions.user_id, sessions.connection_id,
    sessions.authenticated_at, sessions.expires_at, sessions.ends_at, sessions.acr, sessions.amr,
    users.id, users.user_name, users.external_id,
    users.email, users.display_name, users.given_name, users.family_name, users.role, users.active
FROM used
JOIN sessions ON sessions.tenant_id = used.tenant_id AND sessions.id = used.session_id
JOIN users ON users.tenant_id = sessions.tenant_id AND users.id = sessions.user_id
WHERE sessions.ended_at IS NULL AND sessions.expires_at > :now AND users.active;

-- name: find_used_code
-- A code that was used, while its session lives.
-- cross-tenant: the code of 256 bits names the session, whoever's it is.
SELECT
    codes.client_id, codes.redirect_uri, codes.code_challenge, codes.nonce, codes.scope,
    codes.used_at,
    sessions.tenant_id, sessions.id AS session_id, sessions.user_id, sessions.connection_id,
    sessions.authenticated_at, sessions.expires_at, sessions.ends_at, sessions.acr, sessions.amr,
    users.id, users.user_name, users.external_id,
    users.email, users.display_name, users.given_name, users.family_name, users.role, users.active
FROM codes
JOIN sessions ON sessions.tenant_id = codes.tenant_id AND sessions.id = codes.session_id
JOIN users ON users.tenant_id = sessions.tenant_id AND users.id = sessions.user_id
WHERE codes.digest = :digest AND codes.used_at IS NOT NULL AND sessions.ended_at IS NULL
  AND GREATEST(sessions.expires_at, sessions.offline_until) > :now AND users.active;
