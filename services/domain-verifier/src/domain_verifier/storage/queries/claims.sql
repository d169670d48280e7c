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
SELECT *, contested_since(domain, tenant_id) AS contested_since FROM claims WHERE tenant_id = $1 AND claim_id = $2;

-- name: lock_claim
-- One claim of a tenant, locked until the transaction ends.
SELECT *, contested_since(domain, tenant_id) AS contested_since FROM claims WHERE tenant_id = $1 AND claim_id = $2 FOR UPDATE;

-- name: find_newest_claim
-- The tenant's live claim to a domain, or else the newest ended one.
SELECT *, contested_since(domain, tenant_id) AS contested_since FROM claims WHERE tenant_id = $1 AND domain = $2
ORDER BY (state IN ('pending', 'verified', 'grace')) DESC, claim_id DESC LIMIT 1;

-- name: list_claims
-- A page of a tenant's claims, oldest first; live ones only if $4.
SELECT *, contested_since(domain, tenant_id) AS contested_since FROM claims
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
RETURNING *, contested_since(domain, tenant_id) AS contested_since;

-- name: lease_claim
-- Leases one live claim unless it is leased, was asked for since $5, or too many ($8) were since $7.
UPDATE claims SET lease_id = $3, leased_until = clock_timestamp() + $4, asked_at = $6
WHERE tenant_id = $1 AND claim_id = $2 AND state IN ('pending', 'verified', 'grace')
    AND (leased_until IS NULL OR leased_until < clock_timestamp())
    AND (asked_at IS NULL OR asked_at <= $5)
    AND (SELECT count(tenant_id) FROM claims WHERE tenant_id = $1 AND asked_at > $7) < $8
RETURNING *, contested_since(domain, tenant_id) AS contested_since;

-- name: measure_wait
-- Seconds until a claim's lease ends, and until a person may ask again; NULL where nothing holds it.
SELECT extract(epoch FROM leased_until - clock_timestamp())::float AS leased,
    extract(epoch FROM asked_at - $3::timestamptz)::float AS asked
FROM claims WHERE tenant_id = $1 AND claim_id = $2;

-- name: settle_check
-- Saves a claim after a check and adds the check, if the lease still holds and nobody has changed the
-- claim; gives the lease back. A look that was wished for meanwhile ($30: planned before) is kept.
WITH saved AS (
    UPDATE claims SET state = $4,
        next_check_at = CASE
            WHEN next_check_at IS DISTINCT FROM $30::timestamptz AND $5::timestamptz IS NOT NULL
            THEN least(next_check_at, $5) ELSE $5 END,
        looks = $6, first_seen_at = $7, proved_at = $8, review_since = $9, verified_at = $10,
        authenticated = $11, absent_since = $12, counted_since = $13, counted_at = $14,
        absent_count = $15, unknown_since = $16, grace_started_at = $17, grace_ends_at = $18,
        grace_warnings = $19, override_until = $20, ended_at = $21, last_checked_at = $22,
        last_outcome = $23, last_reason = $24, last_explanation = $25, expires_at = $26,
        lease_id = NULL, leased_until = NULL
    WHERE tenant_id = $1 AND claim_id = $2 AND lease_id = $3
        AND leased_until >= clock_timestamp() AND revision = $31
    RETURNING tenant_id, claim_id
)
INSERT INTO checks (tenant_id, claim_id, check_id, checked_at, outcome, reason, explanation,
    authenticated, state, looks)
SELECT tenant_id, claim_id, $27, $22, $23, $24, $32, $28, $4, $29 FROM saved
RETURNING check_id;

-- name: return_lease
-- Gives a lease back whose result was dropped.
UPDATE claims SET lease_id = NULL, leased_until = NULL
WHERE tenant_id = $1 AND claim_id = $2 AND lease_id = $3;

-- name: save_claim
-- Saves a claim that was changed by hand; the result of a check under way is dropped.
UPDATE claims SET state = $3, next_check_at = $4, looks = $5, first_seen_at = $6, proved_at = $7,
    review_since = $8, verified_at = $9, authenticated = $10, absent_since = $11,
    counted_since = $12, counted_at = $13, absent_count = $14, unknown_since = $15,
    grace_started_at = $16, grace_ends_at = $17, grace_warnings = $18, override_until = $19,
    ended_at = $20, last_checked_at = $21, last_outcome = $22, last_reason = $23,
    last_explanation = $24, expires_at = $25, revision = revision + 1
WHERE tenant_id = $1 AND claim_id = $2;

-- name: lock_domain
-- Serialises changes of claims to one domain, whoever's they are.
SELECT pg_advisory_xact_lock(hashtextextended($1, 4));

-- name: contest_holder
-- Has another tenant's hold of the domain looked at now, or after the look that is under way.
-- cross-tenant: one domain has one holder among all tenants; neither is told of the other.
UPDATE claims SET next_check_at = $3
WHERE domain = $1 AND tenant_id <> $2 AND state IN ('verified', 'grace');

-- name: wake_reviews
-- Has other tenants' proved claims to a domain that became free looked at now.
-- cross-tenant: one domain has one holder among all tenants; neither is told of the other.
UPDATE claims SET next_check_at = $3
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

-- name: find_holders_above
-- Other tenants' holders of names above one that was verified.
-- cross-tenant: who holds a domain is told of names below it that others prove, not of whom.
SELECT tenant_id, claim_id FROM claims
WHERE domain = ANY($1) AND tenant_id <> $2 AND state IN ('verified', 'grace');

-- name: list_concerns
-- Claims that people should look at; with those in review, the holders of their domains. Unseen ones
-- come last, for an outage may make them many.
-- cross-tenant: for operators, who alone see more than one tenant.
SELECT domain, tenant_id, claim_id, state, last_outcome, last_reason,
    (SELECT name FROM tenants WHERE tenants.tenant_id = live.tenant_id) AS tenant,
    CASE
        WHEN state = 'pending' THEN 'review'
        WHEN contested_since IS NOT NULL THEN 'holder'
        WHEN state = 'grace' THEN 'grace'
        ELSE 'unseen'
    END AS kind,
    CASE
        WHEN state = 'pending' THEN review_since
        WHEN contested_since IS NOT NULL THEN contested_since
        WHEN state = 'grace' THEN grace_started_at
        ELSE unknown_since
    END AS since
FROM (
    SELECT *, contested_since(domain, tenant_id) AS contested_since FROM claims
    WHERE state IN ('pending', 'verified', 'grace')
        AND (state <> 'pending' OR review_since IS NOT NULL)
) AS live
WHERE state <> 'verified' OR contested_since IS NOT NULL OR unknown_since < $1
ORDER BY unknown_since < $1 AND state = 'verified' AND contested_since IS NULL, domain, kind, since
LIMIT $2;

-- name: list_claims_to
-- All live claims to a domain, its holder first.
-- cross-tenant: for operators, who alone see more than one tenant.
SELECT domain, tenant_id, claim_id, state, last_outcome, last_reason,
    (SELECT name FROM tenants WHERE tenants.tenant_id = claims.tenant_id) AS tenant,
    CASE
        WHEN state <> 'pending' THEN 'holder'
        WHEN review_since IS NOT NULL THEN 'review'
        ELSE 'claimant'
    END AS kind,
    coalesce(verified_at, review_since, created_at) AS since
FROM claims WHERE domain = $1 AND state IN ('pending', 'verified', 'grace')
ORDER BY state = 'pending', since;
