-- name: find_breaker
-- The breaker.
SELECT opened_at, closed_at, accepted_at FROM breakers WHERE name = 'absent-domains';

-- name: lock_breaker
-- The breaker, locked against other replicas.
SELECT opened_at, closed_at, accepted_at FROM breakers WHERE name = 'absent-domains' FOR UPDATE;

-- name: save_breaker
-- Replaces the breaker's state.
UPDATE breakers SET opened_at = :opened_at, closed_at = :closed_at, accepted_at = :accepted_at
WHERE name = 'absent-domains';

-- name: count_held
-- Counts held registrable domains, and those of them that turned ABSENT since a time.
-- cross-tenant: a fault of ours shows only over all tenants.
SELECT coalesce(sum(held), 0)::bigint AS held, coalesce(sum(suspects), 0)::bigint AS suspects,
    coalesce(sum(least(suspects, :tenant_limit::bigint)), 0)::bigint AS limited
FROM (
    SELECT count(DISTINCT registrable) AS held,
        count(DISTINCT registrable) FILTER (
            WHERE absent_since >= :absent_since
                AND (override_until IS NULL OR override_until < :now)
        ) AS suspects
    FROM claims WHERE state IN ('verified', 'grace') GROUP BY tenant_id
) AS of_tenants;

-- name: add_breaker_log
-- Adds what happened to the breaker.
INSERT INTO breaker_log (log_id, happened_at, action, actor, details)
VALUES (:log_id, :happened_at, :action, :actor, :details);

-- name: list_breaker_log
-- What happened to the breaker, newest first.
SELECT happened_at, action, actor, details FROM breaker_log ORDER BY log_id DESC LIMIT :limit;
