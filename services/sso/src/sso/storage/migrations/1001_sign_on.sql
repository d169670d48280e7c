-- migrate:up
-- What the directory tells of users; written only by the consumer of `directory-users`.
CREATE TABLE users (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    user_name text NOT NULL,
    user_name_key text NOT NULL,
    external_id text,
    email text,
    email_key text,
    display_name text,
    given_name text,
    family_name text,
    role text,
    active boolean NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX users_by_name ON users (tenant_id, user_name_key);
CREATE INDEX users_by_external_id ON users (tenant_id, external_id);
CREATE INDEX users_by_email ON users (tenant_id, email_key);

-- Domains that a tenant holds; written only by the consumer of `domain-events`.
CREATE TABLE domains (
    tenant_id uuid NOT NULL,
    domain text NOT NULL,
    PRIMARY KEY (tenant_id, domain)
);
CREATE INDEX domains_by_name ON domains (domain);

CREATE TABLE connections (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    kind text NOT NULL,
    created_at timestamptz NOT NULL,
    candidate jsonb,
    tested boolean NOT NULL,
    active jsonb,
    suspended boolean NOT NULL,
    version bigint NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
-- A connection is found by its own address, which names no tenant.
CREATE UNIQUE INDEX connections_by_id ON connections (id);
-- One at a time: a verified domain leads to exactly one connection.
CREATE UNIQUE INDEX connections_in_use ON connections (tenant_id) WHERE active IS NOT NULL AND NOT suspended;

-- The stable subject of an identity provider, and whose it is since the first sign-in.
CREATE TABLE bindings (
    tenant_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    subject text NOT NULL,
    user_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, connection_id, subject),
    FOREIGN KEY (tenant_id, connection_id) REFERENCES connections (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX bindings_by_user ON bindings (tenant_id, user_id);

-- Logins on their way: made when a browser leaves for the identity provider, gone when it has signed in.
CREATE TABLE pending_logins (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    connection_id uuid NOT NULL,
    use text NOT NULL,
    request_id text NOT NULL,
    browser_digest bytea,
    request jsonb,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    proof_digest bytea,
    outcome jsonb,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, connection_id) REFERENCES connections (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX pending_logins_by_request ON pending_logins (tenant_id, connection_id, request_id);
CREATE INDEX pending_logins_by_end ON pending_logins (expires_at);
CREATE INDEX pending_logins_by_user ON pending_logins (tenant_id, (outcome ->> 'user_id'))
    WHERE outcome IS NOT NULL;

-- Ids of assertions that were taken: none is taken twice.
CREATE TABLE used_assertions (
    tenant_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    assertion_id text NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, connection_id, assertion_id)
);
CREATE INDEX used_assertions_by_end ON used_assertions (expires_at);

CREATE TABLE sessions (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    secret_digest bytea NOT NULL,
    name_id text,
    name_id_format text,
    session_index text,
    authenticated_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at timestamptz,
    ended_because text,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX sessions_by_secret ON sessions (secret_digest);
CREATE INDEX sessions_by_user ON sessions (tenant_id, user_id) WHERE ended_at IS NULL;
CREATE INDEX sessions_by_connection ON sessions (tenant_id, connection_id) WHERE ended_at IS NULL;
CREATE INDEX sessions_by_end ON sessions (expires_at);

-- Apps; they belong to the deployment, and sign in people of any tenant.
CREATE TABLE clients (
    id text PRIMARY KEY,
    name text NOT NULL,
    secret_digest bytea,
    redirect_uris text[] NOT NULL,
    created_at timestamptz NOT NULL,
    disabled_at timestamptz
);

CREATE TABLE codes (
    tenant_id uuid NOT NULL,
    digest bytea NOT NULL,
    session_id uuid NOT NULL,
    client_id text NOT NULL,
    redirect_uri text NOT NULL,
    code_challenge text NOT NULL,
    nonce text,
    scope text NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    PRIMARY KEY (tenant_id, digest),
    FOREIGN KEY (tenant_id, session_id) REFERENCES sessions (tenant_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX codes_by_digest ON codes (digest);
CREATE INDEX codes_by_end ON codes (expires_at);

-- Keys that tokens are signed by; the private part is encrypted.
CREATE TABLE signing_keys (
    id text PRIMARY KEY,
    private_key bytea NOT NULL,
    created_at timestamptz NOT NULL
);

-- What became of each sign-in that an identity provider answered.
CREATE TABLE sign_in_log (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    occurred_at timestamptz NOT NULL,
    connection_id uuid NOT NULL,
    outcome text NOT NULL,
    user_id uuid,
    matched_by text,
    detail text,
    correlation_id text,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX sign_in_log_by_id ON sign_in_log (id);

-- migrate:down
