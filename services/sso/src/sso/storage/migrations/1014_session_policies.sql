-- migrate:up
-- Sessions end when nobody comes by them for a while (expires_at, which moves), and at the latest
-- at a moment that is known from the beginning (ends_at).
ALTER TABLE sessions
    ADD COLUMN ends_at timestamptz,
    ADD COLUMN idle interval NOT NULL DEFAULT '12 hours';
UPDATE sessions SET ends_at = expires_at;
ALTER TABLE sessions ALTER COLUMN ends_at SET NOT NULL;

CREATE TABLE session_policies (
    tenant_id uuid PRIMARY KEY,
    idle interval NOT NULL,
    lifetime interval NOT NULL
);

-- migrate:down
