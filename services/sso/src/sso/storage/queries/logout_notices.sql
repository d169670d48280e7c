-- name: insert_notices
-- Notes which apps have to hear that these sessions are over.
-- cross-tenant: sessions of several tenants may end with an app.
INSERT INTO logout_notices (tenant_id, session_id, client_id, user_id, created_at, due_at)
SELECT ended.tenant_id, ended.session_id, apps.client_id, ended.user_id, :now, :now
FROM unnest(:tenant_ids::uuid[], :session_ids::uuid[], :user_ids::uuid[])
    AS ended (tenant_id, session_id, user_id)
JOIN session_clients AS apps
    ON apps.tenant_id = ended.tenant_id AND apps.session_id = ended.session_id
JOIN clients ON clients.id = apps.client_id AND clients.backchannel_logout_uri IS NOT NULL
ON CONFLICT DO NOTHING;

-- name: list_due_clients
-- The apps that have to hear something now, but for those that are being told.
-- cross-tenant: apps belong to the deployment.
SELECT clients.id, clients.backchannel_logout_uri
FROM clients
WHERE clients.backchannel_logout_uri IS NOT NULL AND clients.id <> ALL (:busy::text[])
  AND EXISTS (
      SELECT 1
      FROM logout_notices AS notices
      WHERE notices.client_id = clients.id AND NOT notices.given_up AND notices.due_at <= :now
  )
LIMIT :limit;

-- name: claim_notices
-- Takes some of an app's notices until a lease is over; what another worker has is passed over.
-- cross-tenant: apps belong to the deployment.
UPDATE logout_notices AS notices
SET attempts = notices.attempts + 1, due_at = :lease
FROM (
    SELECT tenant_id, session_id, client_id
    FROM logout_notices
    WHERE client_id = :client_id AND NOT given_up AND due_at <= :now
    ORDER BY due_at
    LIMIT :limit
    FOR UPDATE SKIP LOCKED
) AS due
WHERE notices.tenant_id = due.tenant_id AND notices.session_id = due.session_id
  AND notices.client_id = due.client_id
RETURNING
    notices.tenant_id, notices.session_id, notices.client_id, notices.user_id, notices.created_at,
    notices.attempts;

-- name: delete_notice
-- Forgets what an app has heard.
DELETE FROM logout_notices
WHERE tenant_id = :tenant_id AND session_id = :session_id AND client_id = :client_id;

-- name: postpone_notice
-- Notes why an app has not heard, and when it is told again.
UPDATE logout_notices SET due_at = :due_at, last_failure = :failure
WHERE tenant_id = :tenant_id AND session_id = :session_id AND client_id = :client_id;

-- name: give_up_notice
-- Tells an app no more, and keeps why.
UPDATE logout_notices SET given_up = true, last_failure = :failure
WHERE tenant_id = :tenant_id AND session_id = :session_id AND client_id = :client_id;

-- name: sum_up_notices
-- What each app has still to hear, and what it will never hear.
-- cross-tenant: apps belong to the deployment.
SELECT
    client_id, count(*) FILTER (WHERE NOT given_up) AS waiting,
    count(*) FILTER (WHERE given_up) AS given_up, min(created_at) AS oldest,
    (array_agg(last_failure ORDER BY created_at DESC) FILTER (WHERE last_failure IS NOT NULL))[1]
        AS last_failure
FROM logout_notices
GROUP BY client_id
ORDER BY client_id;

-- name: prune_notices
-- Forgets what is too old to be told.
-- cross-tenant: all of them are kept for the same time.
DELETE FROM logout_notices WHERE (tenant_id, session_id, client_id) IN (
    SELECT tenant_id, session_id, client_id
    FROM logout_notices
    WHERE created_at < :before
    ORDER BY created_at
    LIMIT :limit
);
