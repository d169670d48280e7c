-- migrate:up
-- The one breaker of all replicas.
CREATE TABLE breakers (
    name text PRIMARY KEY,
    opened_at timestamptz,
    accepted_at timestamptz
);
INSERT INTO breakers (name) VALUES ('absent-domains');

-- migrate:down
