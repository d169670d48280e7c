-- migrate:up
-- Families of refresh tokens: one row for each session and sign-in of an app, however often it is used.
CREATE TABLE refresh_families (
    tenant_id uuid NOT NULL,
    digest bytea NOT NULL,
    session_id uuid NOT NULL,
    client_id text NOT NULL,
    scope text NOT NULL,
    salt bytea NOT NULL,
    generation integer NOT NULL,
    begun_at timestamptz[] NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, digest),
    FOREIGN KEY (tenant_id, session_id) REFERENCES sessions (tenant_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX refresh_families_by_digest ON refresh_families (digest);
CREATE INDEX refresh_families_by_session ON refresh_families (tenant_id, session_id, client_id);
CREATE INDEX refresh_families_by_end ON refresh_families (expires_at);

-- Until when apps may have tokens of a session that the browser no longer has.
ALTER TABLE sessions ADD COLUMN offline_until timestamptz;
DROP INDEX sessions_by_end;
CREATE INDEX sessions_by_end ON sessions ((GREATEST(expires_at, offline_until)));

-- migrate:down
