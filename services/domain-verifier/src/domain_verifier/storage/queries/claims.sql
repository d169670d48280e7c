-- name: insert_claim
-- Adds a claim unless the tenant has a live one to the domain.
INSERT INTO claims (tenant_id, claim_id, domain, registrable, token, state, created_at, expires_at,
    next_check_at)
VALUES (:tenant_id, :claim_id, :domain, :registrable, :token, :state, :created_at, :expires_at,
    :next_check_at)
ON CONFLICT (tenant_id, domain) WHERE state IN ('pending', 'verified', 'grace') DO NOTHING
RETURNING claim_id;

-- name: count_claims
-- Counts a tenant's live claims, and those it started since a time.
SELECT count(*) FILTER (WHERE state IN ('pending', 'verified', 'grace')) AS live,
    count(*) FILTER (WHERE created_at > :since) AS recent,
    min(created_at) FILTER (WHERE created_at > :since) AS oldest_recent
FROM claims WHERE tenant_id = :tenant_id;

-- name: find_claim
-- One claim of a tenant.
SELECT *, contested_since(domain, tenant_id) AS contested_since FROM claims
WHERE tenant_id = :tenant_id AND claim_id = :claim_id;

-- name: lock_claim
-- One claim of a tenant, locked until the transaction ends.
SELECT *, contested_since(domain, tenant_id) AS contested_since FROM claims
WHERE tenant_id = :tenant_id AND claim_id = :claim_id FOR UPDATE;

-- name: find_newest_claim
-- The tenant's live claim to a domain, or else the newest ended one.
SELECT *, contested_since(domain, tenant_id) AS contested_since FROM claims
WHERE tenant_id = :tenant_id AND domain = :domain
ORDER BY (state IN ('pending', 'verified', 'grace')) DESC, claim_id DESC LIMIT 1;

-- name: list_claims
-- A page of a tenant's claims, oldest first.
SELECT *, contested_since(domain, tenant_id) AS contested_since FROM claims
WHERE tenant_id = :tenant_id AND (:after::uuid IS NULL OR claim_id > :after)
    AND (NOT :live_only OR state IN ('pending', 'verified', 'grace'))
ORDER BY claim_id LIMIT :limit;

-- name: list_live_domains
-- The domains of a tenant's live claims, in the order in which they are locked.
SELECT domain FROM claims
WHERE tenant_id = :tenant_id AND state IN ('pending', 'verified', 'grace')
ORDER BY domain;

-- name: lock_live_claims
-- A tenant's live claims, locked until the transaction ends.
SELECT *, contested_since(domain, tenant_id) AS contested_since FROM claims
WHERE tenant_id = :tenant_id AND state IN ('pending', 'verified', 'grace')
ORDER BY claim_id FOR UPDATE;

-- name: lease_due_claims
-- Leases due claims that nobody checks now; SKIP LOCKED is right, for claims need no order.
-- cross-tenant: the worker checks every tenant's claims, each apart from all others.
UPDATE claims SET lease_id = :lease_id, leased_until = clock_timestamp() + :duration
WHERE (tenant_id, claim_id) IN (
    SELECT tenant_id, claim_id FROM claims
    WHERE next_check_at <= :now AND (leased_until IS NULL OR leased_until < clock_timestamp())
    ORDER BY next_check_at LIMIT :limit FOR UPDATE SKIP LOCKED
)
RETURNING *, contested_since(domain, tenant_id) AS contested_since;

-- name: lease_claim
-- Leases one live claim unless it is leased, a check of it was requested a moment ago, or too many
-- checks of the tenant's claims were requested lately.
UPDATE claims
SET lease_id = :lease_id, leased_until = clock_timestamp() + :duration, asked_at = :now
WHERE tenant_id = :tenant_id AND claim_id = :claim_id AND state IN ('pending', 'verified', 'grace')
    AND (leased_until IS NULL OR leased_until < clock_timestamp())
    AND (asked_at IS NULL OR asked_at <= :last_request_before)
    AND (
        SELECT count(tenant_id) FROM claims
        WHERE tenant_id = :tenant_id AND asked_at > :requests_since
    ) < :max_requests
RETURNING *, contested_since(domain, tenant_id) AS contested_since;

-- name: measure_wait
-- Seconds until a claim's lease ends, and from now to the last request; NULL where there is none.
SELECT extract(epoch FROM leased_until - clock_timestamp())::float AS lease_ends_in,
    extract(epoch FROM asked_at - :now::timestamptz)::float AS requested_in
FROM claims WHERE tenant_id = :tenant_id AND claim_id = :claim_id;

-- name: save_check
-- Saves a claim after a check and adds the check, if the lease still holds and nobody has changed
-- the claim; gives the lease back. A check that was scheduled meanwhile (the claim's is no longer
-- the planned one) stays scheduled.
WITH saved AS (
    UPDATE claims SET state = :state,
        next_check_at = CASE
            WHEN next_check_at IS DISTINCT FROM :planned_check_at::timestamptz
                AND :next_check_at::timestamptz IS NOT NULL
            THEN least(next_check_at, :next_check_at) ELSE :next_check_at END,
        looks = :check_count, first_seen_at = :first_seen_at, proved_at = :proved_at,
        review_since = :review_since, verified_at = :verified_at, authenticated = :authenticated,
        absent_since = :absent_since, counted_since = :counted_since, counted_at = :counted_at,
        absent_count = :absent_count, unknown_since = :unknown_since,
        grace_started_at = :grace_started_at, grace_ends_at = :grace_ends_at,
        grace_warnings = :grace_warnings, override_until = :override_until, ended_at = :ended_at,
        last_checked_at = :last_checked_at, last_outcome = :last_outcome,
        last_reason = :last_reason, last_explanation = :last_explanation, expires_at = :expires_at,
        lease_id = NULL, leased_until = NULL
    WHERE tenant_id = :tenant_id AND claim_id = :claim_id AND lease_id = :lease_id
        AND leased_until >= clock_timestamp() AND revision = :revision
    RETURNING tenant_id, claim_id
)
INSERT INTO checks (tenant_id, claim_id, check_id, checked_at, outcome, reason, explanation,
    authenticated, state, looks)
SELECT tenant_id, claim_id, :check_id, :last_checked_at, :last_outcome, :last_reason,
    :evidence_explanation, :evidence_authenticated, :state, :observations
FROM saved
RETURNING check_id;

-- name: return_lease
-- Gives a lease back whose result was dropped.
UPDATE claims SET lease_id = NULL, leased_until = NULL
WHERE tenant_id = :tenant_id AND claim_id = :claim_id AND lease_id = :lease_id;

-- name: save_claim
-- Saves a claim that was changed by hand; the result of a check under way is dropped.
UPDATE claims SET state = :state, next_check_at = :next_check_at, looks = :check_count,
    first_seen_at = :first_seen_at, proved_at = :proved_at, review_since = :review_since,
    verified_at = :verified_at, authenticated = :authenticated, absent_since = :absent_since,
    counted_since = :counted_since, counted_at = :counted_at, absent_count = :absent_count,
    unknown_since = :unknown_since, grace_started_at = :grace_started_at,
    grace_ends_at = :grace_ends_at, grace_warnings = :grace_warnings,
    override_until = :override_until, ended_at = :ended_at, last_checked_at = :last_checked_at,
    last_outcome = :last_outcome, last_reason = :last_reason, last_explanation = :last_explanation,
    expires_at = :expires_at, revision = revision + 1
WHERE tenant_id = :tenant_id AND claim_id = :claim_id;

-- name: lock_domain
-- Serialises changes of claims to one domain, whoever's they are.
SELECT pg_advisory_xact_lock(hashtextextended(:domain, 4));

-- name: lock_tenant
-- Serialises new claims of one tenant, and its end.
SELECT pg_advisory_xact_lock(hashtextextended(:tenant_id::uuid::text, 4));

-- name: schedule_holder_check
-- Has another tenant's hold of the domain checked now, or after the check that is under way.
-- cross-tenant: one domain has one holder among all tenants; neither learns of the other.
UPDATE claims SET next_check_at = :now
WHERE domain = :domain AND tenant_id <> :tenant_id AND state IN ('verified', 'grace');

-- name: schedule_review_checks
-- Has other tenants' proved claims to a domain that became free checked now.
-- cross-tenant: one domain has one holder among all tenants; neither learns of the other.
UPDATE claims SET next_check_at = :now
WHERE domain = :domain AND tenant_id <> :tenant_id AND state = 'pending'
    AND review_since IS NOT NULL;

-- name: add_log
-- Adds what happened to a claim.
INSERT INTO claim_log (tenant_id, claim_id, log_id, happened_at, action, actor, details)
VALUES (:tenant_id, :claim_id, :log_id, :happened_at, :action, :actor, :details);

-- name: list_log
-- What happened to a claim, newest first.
SELECT happened_at, action, actor, details FROM claim_log
WHERE tenant_id = :tenant_id AND claim_id = :claim_id ORDER BY log_id DESC LIMIT :limit;

-- name: list_checks
-- The checks of a claim, newest first.
SELECT check_id, checked_at, outcome, reason, explanation, authenticated, state, looks
FROM checks WHERE tenant_id = :tenant_id AND claim_id = :claim_id
ORDER BY check_id DESC LIMIT :limit;

-- name: delete_old_checks
-- Deletes some checks from before a time.
-- cross-tenant: the history of every tenant ends at the same age.
DELETE FROM checks WHERE (tenant_id, claim_id, check_id) IN (
    SELECT tenant_id, claim_id, check_id FROM checks WHERE checked_at < :before LIMIT :limit
);

-- name: measure_claims
-- Counts claims by state, those due, in review, and held ones that checks said UNKNOWN about for long.
-- cross-tenant: metrics are about the service, and name no tenant.
SELECT state, count(tenant_id) AS claims,
    count(*) FILTER (WHERE next_check_at <= :now) AS due,
    count(*) FILTER (
        WHERE state IN ('verified', 'grace') AND unknown_since < :unseen_before
    ) AS unseen,
    count(*) FILTER (WHERE review_since IS NOT NULL AND state = 'pending') AS review
FROM claims GROUP BY state;

-- name: find_holders_above
-- Other tenants' holders of names above one that was verified.
-- cross-tenant: who holds a domain is told of names below it that others prove, not of whom.
SELECT tenant_id, claim_id FROM claims
WHERE domain = ANY(:domains) AND tenant_id <> :tenant_id AND state IN ('verified', 'grace');

-- name: list_attention
-- Claims that need people; with those in review, the holders of their domains. Unseen ones come
-- last, for an outage may make them many.
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
WHERE state <> 'verified' OR contested_since IS NOT NULL OR unknown_since < :unseen_before
ORDER BY unknown_since < :unseen_before AND state = 'verified' AND contested_since IS NULL,
    domain, kind, since
LIMIT :limit;

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
FROM claims WHERE domain = :domain AND state IN ('pending', 'verified', 'grace')
ORDER BY state = 'pending', since;
