-- migrate:up
-- Metadata that came by an address is fetched again; what was active before can be taken back.
ALTER TABLE connections
    ADD COLUMN previous jsonb,
    ADD COLUMN activated_at timestamptz,
    ADD COLUMN refresh_due_at timestamptz NOT NULL DEFAULT '-infinity',
    ADD COLUMN refreshed_at timestamptz,
    ADD COLUMN refresh_failures integer NOT NULL DEFAULT 0,
    ADD COLUMN refresh_problem text;
CREATE INDEX connections_to_refresh ON connections (refresh_due_at)
    WHERE NOT suspended AND active ->> 'metadata_url' IS NOT NULL;

-- migrate:down
