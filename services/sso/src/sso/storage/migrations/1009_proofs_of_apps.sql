-- migrate:up
-- Apps that prove themselves by keys of their own; their assertions are good once.
ALTER TABLE clients ADD COLUMN public_keys text;
CREATE TABLE client_assertions (
    client_id text NOT NULL,
    digest bytea NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (client_id, digest)
);
CREATE INDEX client_assertions_by_end ON client_assertions (expires_at);

-- Authorization requests that apps sent ahead of the browser.
CREATE TABLE pushed_requests (
    digest bytea PRIMARY KEY,
    client_id text NOT NULL,
    parameters jsonb NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX pushed_requests_by_end ON pushed_requests (expires_at);

-- migrate:down
