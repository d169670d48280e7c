-- name: find_consent
-- What somebody has let an app know.
SELECT scopes
FROM consents
WHERE tenant_id = :tenant_id AND user_id = :user_id AND client_id = :client_id;

-- name: save_consent
-- Remembers what somebody lets an app know.
INSERT INTO consents (tenant_id, user_id, client_id, scopes, given_at)
VALUES (:tenant_id, :user_id, :client_id, :scopes, :given_at)
ON CONFLICT (tenant_id, user_id, client_id)
DO UPDATE SET scopes = excluded.scopes, given_at = excluded.given_at;
