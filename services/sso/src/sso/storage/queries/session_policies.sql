-- name: find_policy
-- How long a tenant's people stay signed in, if it has a policy of its own.
SELECT idle, lifetime FROM session_policies WHERE tenant_id = :tenant_id;

-- name: save_policy
-- Gives a tenant a policy of its own.
INSERT INTO session_policies (tenant_id, idle, lifetime) VALUES (:tenant_id, :idle, :lifetime)
ON CONFLICT (tenant_id) DO UPDATE SET idle = excluded.idle, lifetime = excluded.lifetime;

-- name: delete_policy
-- Lets a tenant have the deployment's.
DELETE FROM session_policies WHERE tenant_id = :tenant_id;
