-- name: insert_claim
-- Adds a claim unless the tenant has a live one to the domain.
INSERT INTO claims (tenant_id, claim_id, domain, registrable, token, state, created_at, expires_at,
    next_check_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (tenant_id, domain) WHERE state IN ('pending', 'verified', 'grace') DO NOTHING
RETURNING claim_id;

-- name: count_claims
-- Counts a tenant's live claims, and those it started since a time.
SELECT count(*) FILTER (WHERE state IN ('pending', 'verified', 'grace')) AS live,
    count(*) FILTER (WHERE created_at > $2) AS recent,
    min(created_at) FILTER (WHERE created_at > $2) AS oldest_recent
FROM claims WHERE tenant_id = $1;

-- name: find_claim
-- One claim of a tenant.
SELECT * FROM claims WHERE tenant_id = $1 AND claim_id = $2;

-- name: lock_claim
-- One claim of a tenant, locked until the transaction ends.
SELECT * FROM claims WHERE tenant_id = $1 AND claim_id = $2 FOR UPDATE;

-- name: find_newest_claim
-- The tenant's live claim to a domain, or else the newest ended one.
SELECT * FROM claims WHERE tenant_id = $1 AND domain = $2
ORDER BY (state IN ('pending', 'verified', 'grace')) DESC, claim_id DESC LIMIT 1;

-- name: list_claims
-- A page of a tenant's claims, oldest first; live ones only if $4.
SELECT * FROM claims
WHERE tenant_id = $1 AND ($2::uuid IS NULL OR claim_id > $2)
    AND (NOT $4 OR state IN ('pending', 'verified', 'grace'))
ORDER BY claim_id LIMIT $3;

-- name: lease_due_claims
-- Leases due claims that nobody looks at; SKIP LOCKED is right, for claims need no order.
-- cross-tenant: the worker looks at every tenant's claims, each apart from all others.
UPDATE claims SET lease_id = $3, leased_until = clock_timestamp() + $4
WHERE (tenant_id, claim_id) IN (
    SELECT tenant_id, claim_id FROM claims
    WHERE next_check_at <= $1 AND (leased_until IS NULL OR leased_until < clock_timestamp())
    ORDER BY next_check_at LIMIT $2 FOR UPDATE SKIP LOCKED
)
RETURNING *;

-- name: lease_claim
-- Leases one live claim unless it is leased, or was asked for since $5.
UPDATE claims SET lease_id = $3, leased_until = clock_timestamp() + $4, asked_at = $6
WHERE tenant_id = $1 AND claim_id = $2 AND state IN ('pending', 'verified', 'grace')
    AND (leased_until IS NULL OR leased_until < clock_timestamp())
    AND (asked_at IS NULL OR asked_at <= $5)
RETURNING *;

-- name: settle_check
-- Saves a claim after a check and adds the check, if the lease still holds; gives the lease back.
WITH saved AS (
    UPDATE claims SET state = $4, next_check_at = $5, looks = $6, first_seen_at = $7,
        review_since = $8, contested_at = $9, verified_at = $10, authenticated = $11,
        absent_since = $12, counted_since = $13, absent_count = $14, unknown_since = $15,
        grace_started_at = $16, grace_ends_at = $17, grace_warnings = $18, override_until = $19,
        ended_at = $20, last_checked_at = $21, last_outcome = $22, last_reason = $23,
        last_explanation = $24, lease_id = NULL, leased_until = NULL
    WHERE tenant_id = $1 AND claim_id = $2 AND lease_id = $3
        AND leased_until >= clock_timestamp()
    RETURNING tenant_id, claim_id
)
INSERT INTO checks (tenant_id, claim_id, check_id, checked_at, outcome, reason, explanation,
    authenticated, state, looks)
SELECT tenant_id, claim_id, $25, $21, $22, $23, $24, $26, $4, $27 FROM saved
RETURNING check_id;

-- name: save_claim
-- Saves a claim that was changed by hand; a check under way loses its lease.
UPDATE claims SET state = $3, next_check_at = $4, looks = $5, first_seen_at = $6,
    review_since = $7, contested_at = $8, verified_at = $9, authenticated = $10,
    absent_since = $11, counted_since = $12, absent_count = $13, unknown_since = $14,
    grace_started_at = $15, grace_ends_at = $16, grace_warnings = $17, override_until = $18,
    ended_at = $19, last_checked_at = $20, last_outcome = $21, last_reason = $22,
    last_explanation = $23, lease_id = NULL, leased_until = NULL
WHERE tenant_id = $1 AND claim_id = $2;

-- name: lock_domain
-- Serialises changes of claims to one domain, whoever's they are.
SELECT pg_advisory_xact_lock(hashtextextended($1, 4));

-- name: contest_holder
-- Has another tenant's hold of the domain looked at now; a look under way does not count.
-- cross-tenant: one domain has one holder among all tenants; nothing is told to either.
UPDATE claims SET contested_at = coalesce(contested_at, $3), next_check_at = $3,
    lease_id = NULL, leased_until = NULL
WHERE domain = $1 AND tenant_id <> $2 AND state IN ('verified', 'grace');

-- name: wake_reviews
-- Has other tenants' proved claims to a domain that became free looked at now.
-- cross-tenant: one domain has one holder among all tenants; nothing is told to either.
UPDATE claims SET next_check_at = $3, lease_id = NULL, leased_until = NULL
WHERE domain = $1 AND tenant_id <> $2 AND state = 'pending' AND review_since IS NOT NULL;

-- name: add_log
-- Adds what happened to a claim.
INSERT INTO claim_log (tenant_id, claim_id, log_id, happened_at, action, actor, details)
VALUES ($1, $2, $3, $4, $5, $6, $7);

-- name: list_log
-- What happened to a claim, newest first.
SELECT happened_at, action, actor, details FROM claim_log
WHERE tenant_id = $1 AND claim_id = $2 ORDER BY log_id DESC LIMIT $3;

-- name: list_checks
-- The checks of a claim, newest first.
SELECT check_id, checked_at, outcome, reason, explanation, authenticated, state, looks
FROM checks WHERE tenant_id = $1 AND claim_id = $2 ORDER BY check_id DESC LIMIT $3;

-- name: delete_old_checks
-- Deletes some checks from before a time.
-- cross-tenant: the history of every tenant ends at the same age.
DELETE FROM checks WHERE (tenant_id, claim_id, check_id) IN (
    SELECT tenant_id, claim_id, check_id FROM checks WHERE checked_at < $1 LIMIT $2
);

-- name: measure_claims
-- Counts claims by state, those due, and held ones that DNS has told nothing about for long.
-- cross-tenant: metrics are about the service, and name no tenant.
SELECT state, count(tenant_id) AS claims,
    count(*) FILTER (WHERE next_check_at <= $1) AS due,
    count(*) FILTER (WHERE state IN ('verified', 'grace') AND unknown_since < $2) AS unseen,
    count(*) FILTER (WHERE review_since IS NOT NULL AND state = 'pending') AS review
FROM claims GROUP BY state;
