-- name: read_log
-- A tenant's attempts to sign in, the newest first.
SELECT
    tenant_id, id, occurred_at, connection_id, outcome, user_id, matched_by, detail, correlation_id
FROM sign_in_log
WHERE tenant_id = :tenant_id AND id < :before
ORDER BY id DESC
LIMIT :limit;

-- name: search_log
-- Those with an outcome, of a user, or both.
SELECT
    tenant_id, id, occurred_at, connection_id, outcome, user_id, matched_by, detail, correlation_id
FROM sign_in_log
WHERE tenant_id = :tenant_id AND id < :before
  AND (outcome = :outcome OR :outcome::text IS NULL)
  AND (user_id = :user_id OR :user_id::uuid IS NULL)
ORDER BY id DESC
LIMIT :limit;
