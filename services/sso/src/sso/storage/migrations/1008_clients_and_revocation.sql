-- migrate:up
-- What an operator may choose of an app, and its secret before.
ALTER TABLE clients
    ADD COLUMN initiate_login_uri text,
    ADD COLUMN audiences text[] NOT NULL DEFAULT '{}',
    ADD COLUMN service boolean NOT NULL DEFAULT false,
    ADD COLUMN access_token_seconds integer NOT NULL DEFAULT 300,
    ADD COLUMN previous_secret_digest bytea,
    ADD COLUMN previous_secret_until timestamptz;

-- An app's access tokens of a session whose ids are not above this one were revoked.
ALTER TABLE session_clients ADD COLUMN revoked_before uuid;

-- migrate:down
