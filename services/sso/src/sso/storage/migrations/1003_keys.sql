-- migrate:up
-- Keys have a purpose, and a moment from which each is the current one; before it, it is published.
ALTER TABLE signing_keys RENAME TO keys;
ALTER INDEX signing_keys_pkey RENAME TO keys_pkey;
ALTER TABLE keys
    ADD COLUMN purpose text NOT NULL DEFAULT 'openid',
    ADD COLUMN certificate bytea,
    ADD COLUMN active_from timestamptz;
UPDATE keys SET active_from = created_at;
ALTER TABLE keys
    ALTER COLUMN purpose DROP DEFAULT,
    ALTER COLUMN active_from SET NOT NULL;

-- migrate:down
