-- migrate:up
-- What the directory says about tenants; written only by the consumer of `directory-tenants`.
CREATE TABLE tenants (
    tenant_id uuid PRIMARY KEY,
    name text NOT NULL,
    package text NOT NULL,
    status text NOT NULL
);
CREATE INDEX tenants_by_name ON tenants (lower(name));

-- Bearer tokens: only a keyed digest is kept, the prefix lets an administrator tell them apart.
CREATE TABLE tokens (
    tenant_id uuid NOT NULL REFERENCES tenants (tenant_id) ON DELETE CASCADE,
    id uuid NOT NULL,
    prefix text NOT NULL,
    digest bytea NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    last_used_at timestamptz,
    revoked_at timestamptz,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, digest)
);

-- Forward only: dbmate asks for this marker, nothing stands behind it.
-- migrate:down
