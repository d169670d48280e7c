-- migrate:up
-- Neither lets anybody in: they may change without another test.
ALTER TABLE connections
    ADD COLUMN sign_requests boolean NOT NULL DEFAULT false,
    ADD COLUMN single_logout boolean NOT NULL DEFAULT false;

-- Browsers that were sent on to their identity provider to be signed out there, and come back.
CREATE TABLE pending_logouts (
    tenant_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    request_id text NOT NULL,
    return_to text,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, connection_id, request_id),
    FOREIGN KEY (tenant_id, connection_id) REFERENCES connections (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX pending_logouts_by_end ON pending_logouts (expires_at);

-- A LogoutRequest names people as the identity provider does.
CREATE INDEX sessions_by_name_id ON sessions (tenant_id, connection_id, name_id)
    WHERE ended_at IS NULL;
CREATE INDEX pending_logins_by_name_id
    ON pending_logins (tenant_id, connection_id, (outcome ->> 'name_id'))
    WHERE outcome IS NOT NULL;

-- migrate:down
