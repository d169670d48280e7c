-- migrate:up
-- Somebody whom the identity provider has let in, and whom the directory has not told of yet.
ALTER TABLE pending_logins
    ADD COLUMN waiting_digest bytea,
    ADD COLUMN waiting jsonb;

-- migrate:down
