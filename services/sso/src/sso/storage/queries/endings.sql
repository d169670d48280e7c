-- name: end_session
-- Ends one session.
UPDATE sessions SET ended_at = :now, ended_because = :because
WHERE tenant_id = :tenant_id AND id = :session_id AND ended_at IS NULL
RETURNING tenant_id, id, user_id;

-- name: end_sessions_of_user
-- Ends every session of a user.
UPDATE sessions SET ended_at = :now, ended_because = :because
WHERE tenant_id = :tenant_id AND user_id = :user_id AND ended_at IS NULL
RETURNING tenant_id, id, user_id;

-- name: end_sessions_of_connection
-- Ends every session that came by a connection.
UPDATE sessions SET ended_at = :now, ended_because = :because
WHERE tenant_id = :tenant_id AND connection_id = :connection_id AND ended_at IS NULL
RETURNING tenant_id, id, user_id;

-- name: end_sessions_of_tenant
-- Ends every session of a tenant.
UPDATE sessions SET ended_at = :now, ended_because = :because
WHERE tenant_id = :tenant_id AND ended_at IS NULL
RETURNING tenant_id, id, user_id;

-- name: end_sessions_of_client
-- Ends every session that an app was let into.
-- cross-tenant: apps belong to the deployment.
UPDATE sessions SET ended_at = :now, ended_because = :because
FROM session_clients
WHERE session_clients.client_id = :client_id
  AND sessions.tenant_id = session_clients.tenant_id
  AND sessions.id = session_clients.session_id
  AND sessions.ended_at IS NULL
RETURNING sessions.tenant_id, sessions.id, sessions.user_id;

-- name: delete_logins_of_user
-- Forgets the logins of somebody who may no longer sign in.
DELETE FROM pending_logins
WHERE tenant_id = :tenant_id AND outcome IS NOT NULL
  AND outcome ->> 'user_id' = :user_id::uuid::text;

-- name: delete_logins_of_connection
-- Forgets the logins on their way through a connection.
DELETE FROM pending_logins
WHERE tenant_id = :tenant_id AND connection_id = :connection_id AND use = 'sign_in';

-- name: delete_logins_of_tenant
-- Forgets the logins of a tenant's people.
DELETE FROM pending_logins WHERE tenant_id = :tenant_id AND use = 'sign_in';

-- name: delete_logins_of_client
-- Forgets the logins on their way to an app.
-- cross-tenant: apps belong to the deployment.
DELETE FROM pending_logins WHERE request ->> 'client_id' = :client_id::text;

-- name: end_sessions_of_name_id
-- Ends the sessions of somebody as an identity provider names them; without indexes, all of them.
UPDATE sessions SET ended_at = :now, ended_because = :because
WHERE tenant_id = :tenant_id AND connection_id = :connection_id AND name_id = :name_id
  AND (cardinality((:session_indexes)::text[]) = 0 OR session_index = ANY(:session_indexes))
  AND ended_at IS NULL
RETURNING tenant_id, id, user_id;

-- name: delete_waiting_logins_of_name_id
-- Forgets the logins of the same person who waits to be provisioned.
DELETE FROM pending_logins
WHERE tenant_id = :tenant_id AND connection_id = :connection_id AND waiting IS NOT NULL
  AND waiting ->> 'name_id' = (:name_id)::text
  AND (
      cardinality((:session_indexes)::text[]) = 0
      OR waiting ->> 'session_index' = ANY(:session_indexes)
  );

-- name: delete_logins_of_name_id
-- Forgets the logins by which the same person has come back already.
DELETE FROM pending_logins
WHERE tenant_id = :tenant_id AND connection_id = :connection_id AND outcome IS NOT NULL
  AND outcome ->> 'name_id' = (:name_id)::text
  AND (
      cardinality((:session_indexes)::text[]) = 0
      OR outcome ->> 'session_index' = ANY(:session_indexes)
  );
