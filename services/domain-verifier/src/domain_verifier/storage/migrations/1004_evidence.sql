-- migrate:up
-- Proof and words apart, denials that count, and results that a change by hand makes void.
-- contested_at is read no longer, but replicas of the release before still write it: a later one
-- drops it.
ALTER TABLE claims
ADD COLUMN proved_at timestamptz,
ADD COLUMN counted_at timestamptz,
ADD COLUMN revision bigint NOT NULL DEFAULT 0;
UPDATE claims SET proved_at = verified_at
WHERE state IN ('verified', 'grace') AND first_seen_at IS NOT NULL;
-- Whose people had how many claims looked at lately.
CREATE INDEX claims_asked ON claims (tenant_id, asked_at) WHERE asked_at IS NOT NULL;

-- Since when another tenant has proved a domain that this one holds.
CREATE FUNCTION contested_since(held_domain text, holder_id uuid) RETURNS timestamptz
LANGUAGE sql STABLE AS $$
    SELECT min(review_since) FROM claims
    WHERE domain = held_domain AND tenant_id <> holder_id
        AND state = 'pending' AND review_since IS NOT NULL;
$$;

ALTER TABLE breakers ADD COLUMN closed_at timestamptz;
CREATE TABLE breaker_log (
    log_id uuid PRIMARY KEY,
    happened_at timestamptz NOT NULL,
    action text NOT NULL,
    actor text NOT NULL,
    details jsonb NOT NULL
);

-- migrate:down
