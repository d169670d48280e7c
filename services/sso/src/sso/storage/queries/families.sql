-- name: insert_family
-- Stores a new family of refresh tokens; of an app's others of the session, the ones that were used
-- last stay. The session is kept for as long as the app may ask for tokens of it.
WITH superseded AS (
    DELETE FROM refresh_families WHERE (tenant_id, digest) IN (
        SELECT tenant_id, digest
        FROM refresh_families
        WHERE tenant_id = :tenant_id AND session_id = :session_id AND client_id = :client_id
        ORDER BY begun_at[1] DESC
        OFFSET :others
    )
), kept AS (
    UPDATE sessions SET offline_until = GREATEST(offline_until, :expires_at)
    WHERE tenant_id = :tenant_id AND id = :session_id
      AND GREATEST(ends_at, offline_until) < :expires_at
)
INSERT INTO refresh_families (
    tenant_id, digest, session_id, client_id, scope, salt, generation, begun_at, expires_at
)
VALUES (
    :tenant_id, :digest, :session_id, :client_id, :scope, :salt, 0, ARRAY[(:now)::timestamptz],
    :expires_at
);

-- name: see_session
-- Notes that somebody was there, so that the session is not idle; every five minutes is enough.
UPDATE sessions SET expires_at = LEAST(ends_at, (:now)::timestamptz + idle)
WHERE tenant_id = :tenant_id AND id = :session_id AND ended_at IS NULL AND expires_at > :now
  AND expires_at < LEAST(ends_at, (:now)::timestamptz + idle - interval '5 minutes');

-- name: find_family
-- A family whose session and person are good; without the browser's session, an offline one is.
-- cross-tenant: the secret of 256 bits names the family, whoever's it is.
SELECT
    families.client_id, families.scope, families.salt, families.generation, families.begun_at,
    families.expires_at AS good_until, sessions.idle,
    sessions.tenant_id, sessions.id AS session_id, sessions.user_id, sessions.connection_id,
    sessions.authenticated_at, sessions.expires_at, sessions.ends_at, sessions.acr, sessions.amr,
    users.id, users.user_name, users.external_id,
    users.email, users.display_name, users.given_name, users.family_name, users.role, users.active
FROM refresh_families AS families
JOIN sessions ON sessions.tenant_id = families.tenant_id AND sessions.id = families.session_id
JOIN users ON users.tenant_id = sessions.tenant_id AND users.id = sessions.user_id
WHERE families.digest = :digest AND families.expires_at > :now AND sessions.ended_at IS NULL
  AND (sessions.expires_at > :now OR sessions.offline_until >= families.expires_at)
  AND users.active;

-- name: begin_generation
-- Begins the generation after one, once.
UPDATE refresh_families
SET generation = generation + 1,
    begun_at = (ARRAY[(:now)::timestamptz] || begun_at)[1 : (:remembered)::integer]
WHERE tenant_id = :tenant_id AND digest = :digest AND generation = :generation
RETURNING generation;

-- name: delete_families
-- Forgets an app's families of a session.
DELETE FROM refresh_families
WHERE tenant_id = :tenant_id AND session_id = :session_id AND client_id = :client_id;

-- name: revoke_access
-- Refuses an app's access tokens of a session that were made before.
UPDATE session_clients SET revoked_before = :before
WHERE tenant_id = :tenant_id AND session_id = :session_id AND client_id = :client_id;

-- name: prune_families
-- Deletes families that are over.
-- cross-tenant: each of them says when it ends.
DELETE FROM refresh_families WHERE (tenant_id, digest) IN (
    SELECT tenant_id, digest
    FROM refresh_families
    WHERE expires_at < :before
    ORDER BY expires_at
    LIMIT :limit
);
