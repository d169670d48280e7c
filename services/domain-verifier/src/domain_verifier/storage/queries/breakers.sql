-- name: find_breaker
-- The breaker.
SELECT opened_at, accepted_at FROM breakers WHERE name = 'absent-domains';

-- name: lock_breaker
-- The breaker, locked against other replicas.
SELECT opened_at, accepted_at FROM breakers WHERE name = 'absent-domains' FOR UPDATE;

-- name: save_breaker
-- Replaces the breaker's state.
UPDATE breakers SET opened_at = $1, accepted_at = $2 WHERE name = 'absent-domains';

-- name: count_held
-- Counts held domains, and those of them that turned ABSENT since a time.
-- cross-tenant: a fault of ours shows only over all tenants.
SELECT count(tenant_id) AS held,
    count(*) FILTER (
        WHERE absent_since >= $1 AND (override_until IS NULL OR override_until < $2)
    ) AS suspects
FROM claims WHERE state IN ('verified', 'grace');
