-- What the migrations make, to be read. Written by `make schema`; do not edit.
-- Beside these are the chassis' own tables: libs/chassis/src/chassis/database/schema.sql.

CREATE TABLE breaker_log (
    log_id uuid NOT NULL,
    happened_at timestamptz NOT NULL,
    action text NOT NULL,
    actor text NOT NULL,
    details jsonb NOT NULL,
    CONSTRAINT breaker_log_pkey PRIMARY KEY (log_id)
);

CREATE TABLE breakers (
    name text NOT NULL,
    opened_at timestamptz,
    accepted_at timestamptz,
    closed_at timestamptz,
    CONSTRAINT breakers_pkey PRIMARY KEY (name)
);

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
    CONSTRAINT checks_pkey PRIMARY KEY (tenant_id, claim_id, check_id),
    CONSTRAINT checks_tenant_id_claim_id_fkey FOREIGN KEY (tenant_id, claim_id) REFERENCES claims(tenant_id, claim_id)
);
CREATE INDEX checks_age ON checks USING btree (checked_at);

CREATE TABLE claim_log (
    tenant_id uuid NOT NULL,
    claim_id uuid NOT NULL,
    log_id uuid NOT NULL,
    happened_at timestamptz NOT NULL,
    action text NOT NULL,
    actor text NOT NULL,
    details jsonb NOT NULL,
    CONSTRAINT claim_log_pkey PRIMARY KEY (tenant_id, claim_id, log_id),
    CONSTRAINT claim_log_tenant_id_claim_id_fkey FOREIGN KEY (tenant_id, claim_id) REFERENCES claims(tenant_id, claim_id)
);

CREATE TABLE claims (
    tenant_id uuid NOT NULL,
    claim_id uuid NOT NULL,
    domain text NOT NULL,
    registrable text NOT NULL,
    token text NOT NULL,
    state text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
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
    lease_id uuid,
    leased_until timestamptz,
    asked_at timestamptz,
    proved_at timestamptz,
    counted_at timestamptz,
    revision bigint NOT NULL DEFAULT 0,
    CONSTRAINT claims_pkey PRIMARY KEY (tenant_id, claim_id)
);
CREATE INDEX claims_absent ON claims USING btree (absent_since) WHERE absent_since IS NOT NULL AND (state = ANY (ARRAY['verified'::text, 'grace'::text]));
CREATE INDEX claims_asked ON claims USING btree (tenant_id, asked_at) WHERE asked_at IS NOT NULL;
CREATE INDEX claims_domain ON claims USING btree (tenant_id, domain, claim_id);
CREATE INDEX claims_due ON claims USING btree (next_check_at) WHERE next_check_at IS NOT NULL;
CREATE UNIQUE INDEX claims_one_holder ON claims USING btree (domain) WHERE state = ANY (ARRAY['verified'::text, 'grace'::text]);
CREATE UNIQUE INDEX claims_one_live ON claims USING btree (tenant_id, domain) WHERE state = ANY (ARRAY['pending'::text, 'verified'::text, 'grace'::text]);
CREATE INDEX claims_review ON claims USING btree (domain) WHERE review_since IS NOT NULL;

CREATE TABLE tenants (
    tenant_id uuid NOT NULL,
    name text NOT NULL,
    package text NOT NULL,
    status text NOT NULL,
    version bigint NOT NULL DEFAULT 0,
    CONSTRAINT tenants_pkey PRIMARY KEY (tenant_id)
);
CREATE INDEX tenants_by_name ON tenants USING btree (lower(name));

CREATE FUNCTION contested_since(held_domain text, holder_id uuid)
 RETURNS timestamp with time zone
 LANGUAGE sql
 STABLE
AS $function$
    SELECT min(review_since) FROM claims
    WHERE domain = held_domain AND tenant_id <> holder_id
        AND state = 'pending' AND review_since IS NOT NULL;
$function$;
