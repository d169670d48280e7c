-- migrate:up
CREATE TABLE claims (
    tenant_id uuid NOT NULL,
    claim_id uuid NOT NULL,
    domain text NOT NULL,
    registrable text NOT NULL,
    token text NOT NULL,
    state text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    -- NULL: never looked at again.
    next_check_at timestamptz,
    looks integer NOT NULL DEFAULT 0,
    first_seen_at timestamptz,
    review_since timestamptz,
    contested_at timestamptz,
    verified_at timestamptz,
    authenticated boolean NOT NULL DEFAULT false,
    absent_since timestamptz,
    counted_since timestamptz,
    absent_count integer NOT NULL DEFAULT 0,
    unknown_since timestamptz,
    grace_started_at timestamptz,
    grace_ends_at timestamptz,
    grace_warnings integer NOT NULL DEFAULT 0,
    override_until timestamptz,
    ended_at timestamptz,
    last_checked_at timestamptz,
    last_outcome text,
    last_reason text,
    last_explanation text,
    -- Who looks at the claim now, and until when nobody else may; by the database's clock.
    lease_id uuid,
    leased_until timestamptz,
    -- When a person last had it looked at.
    asked_at timestamptz,
    PRIMARY KEY (tenant_id, claim_id)
);
-- One holder of a domain at a time, across all tenants. Pending claims reserve nothing.
CREATE UNIQUE INDEX claims_one_holder ON claims (domain) WHERE state IN ('verified', 'grace');
CREATE UNIQUE INDEX claims_one_live ON claims (tenant_id, domain)
    WHERE state IN ('pending', 'verified', 'grace');
CREATE INDEX claims_due ON claims (next_check_at) WHERE next_check_at IS NOT NULL;
CREATE INDEX claims_domain ON claims (tenant_id, domain, claim_id);
-- Suspects of the breaker.
CREATE INDEX claims_absent ON claims (absent_since)
    WHERE absent_since IS NOT NULL AND state IN ('verified', 'grace');
-- Proved claims to a domain that is not free.
CREATE INDEX claims_review ON claims (domain) WHERE review_since IS NOT NULL;

CREATE TABLE checks (
    tenant_id uuid NOT NULL,
    claim_id uuid NOT NULL,
    check_id uuid NOT NULL,
    checked_at timestamptz NOT NULL,
    outcome text NOT NULL,
    reason text NOT NULL,
    explanation text NOT NULL,
    authenticated boolean NOT NULL,
    state text NOT NULL,
    looks jsonb NOT NULL,
    PRIMARY KEY (tenant_id, claim_id, check_id),
    FOREIGN KEY (tenant_id, claim_id) REFERENCES claims (tenant_id, claim_id)
);
CREATE INDEX checks_age ON checks (checked_at);

CREATE TABLE claim_log (
    tenant_id uuid NOT NULL,
    claim_id uuid NOT NULL,
    log_id uuid NOT NULL,
    happened_at timestamptz NOT NULL,
    action text NOT NULL,
    actor text NOT NULL,
    details jsonb NOT NULL,
    PRIMARY KEY (tenant_id, claim_id, log_id),
    FOREIGN KEY (tenant_id, claim_id) REFERENCES claims (tenant_id, claim_id)
);

-- migrate:down
