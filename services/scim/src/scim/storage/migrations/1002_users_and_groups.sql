-- migrate:up
-- `document` is the attribute tree as it is served (JSON, UTF-8, without schemas, id and meta); the
-- other columns are what a user is found and answered by.
CREATE TABLE users (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    user_name text NOT NULL,
    user_name_key text NOT NULL,
    external_id text,
    display_name_key text,
    work_email_key text,
    email_keys text[] NOT NULL,
    manager text,
    active boolean NOT NULL,
    soft_deleted boolean NOT NULL,
    -- `scim`, or `directory` for a user made there by hand that no provider has written to yet.
    origin text NOT NULL,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    document bytea NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, user_name_key)
);
CREATE INDEX users_by_external_id ON users (tenant_id, external_id, id)
    WHERE external_id IS NOT NULL;
CREATE INDEX users_by_work_email ON users (tenant_id, work_email_key, id)
    WHERE work_email_key IS NOT NULL;

CREATE TABLE groups (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    display_name text NOT NULL,
    display_name_key text NOT NULL,
    external_id text,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, display_name_key)
);
CREATE INDEX groups_by_external_id ON groups (tenant_id, external_id, id)
    WHERE external_id IS NOT NULL;

-- One row for each membership: a change of one member touches one row in a group of any size.
-- Both foreign keys carry the tenant, so a group cannot hold another tenant's user.
CREATE TABLE group_members (
    tenant_id uuid NOT NULL,
    group_id uuid NOT NULL,
    user_id uuid NOT NULL,
    PRIMARY KEY (tenant_id, group_id, user_id),
    FOREIGN KEY (tenant_id, group_id) REFERENCES groups (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX group_members_by_user ON group_members (tenant_id, user_id);

-- Forward only: dbmate asks for this marker, nothing stands behind it.
-- migrate:down
