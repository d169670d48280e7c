-- What the migrations make, to be read. Written by `make schema`; do not edit.
-- Beside these are the chassis' own tables: libs/chassis/src/chassis/database/schema.sql.

CREATE TABLE group_members (
    tenant_id uuid NOT NULL,
    group_id uuid NOT NULL,
    user_id uuid NOT NULL,
    CONSTRAINT group_members_pkey PRIMARY KEY (tenant_id, group_id, user_id),
    CONSTRAINT group_members_tenant_id_group_id_fkey FOREIGN KEY (tenant_id, group_id) REFERENCES groups(tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT group_members_tenant_id_user_id_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES users(tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX group_members_by_user ON group_members USING btree (tenant_id, user_id);

CREATE TABLE groups (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    display_name text NOT NULL,
    display_name_key text NOT NULL,
    external_id text,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT groups_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT groups_tenant_id_display_name_key_key UNIQUE (tenant_id, display_name_key)
);
CREATE INDEX groups_by_external_id ON groups USING btree (tenant_id, external_id, id) WHERE external_id IS NOT NULL;

CREATE TRIGGER count_added_groups AFTER INSERT ON groups REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION count_listed();

CREATE TRIGGER count_removed_groups AFTER DELETE ON groups REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION count_listed();

CREATE TABLE listing_counts (
    tenant_id uuid NOT NULL,
    kind text NOT NULL,
    first_id uuid NOT NULL,
    backend integer NOT NULL,
    amount bigint NOT NULL,
    CONSTRAINT listing_counts_pkey PRIMARY KEY (tenant_id, kind, first_id, backend)
) WITH (fillfactor=50);

CREATE TABLE provisioning_log (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    occurred_at timestamptz NOT NULL,
    operation text NOT NULL,
    resource_type text,
    resource_id text,
    resource_name text,
    status smallint NOT NULL,
    scim_type text,
    detail text,
    dropped text[],
    correlation_id text,
    CONSTRAINT provisioning_log_pkey PRIMARY KEY (tenant_id, id)
);

CREATE TABLE tenant_settings (
    tenant_id uuid NOT NULL,
    strict boolean NOT NULL,
    CONSTRAINT tenant_settings_pkey PRIMARY KEY (tenant_id),
    CONSTRAINT tenant_settings_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(tenant_id) ON DELETE CASCADE
);

CREATE TABLE tenants (
    tenant_id uuid NOT NULL,
    name text NOT NULL,
    package text NOT NULL,
    status text NOT NULL,
    version bigint NOT NULL DEFAULT 0,
    CONSTRAINT tenants_pkey PRIMARY KEY (tenant_id)
);
CREATE INDEX tenants_by_name ON tenants USING btree (lower(name));

CREATE TABLE tokens (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    prefix text NOT NULL,
    digest bytea NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    last_used_at timestamptz,
    revoked_at timestamptz,
    CONSTRAINT tokens_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT tokens_tenant_id_digest_key UNIQUE (tenant_id, digest),
    CONSTRAINT tokens_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(tenant_id) ON DELETE CASCADE
);

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
    origin text NOT NULL,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    document bytea NOT NULL,
    CONSTRAINT users_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT users_tenant_id_user_name_key_key UNIQUE (tenant_id, user_name_key)
);
CREATE INDEX users_by_external_id ON users USING btree (tenant_id, external_id, id) WHERE external_id IS NOT NULL;
CREATE INDEX users_by_several_emails ON users USING gin (email_keys) WHERE cardinality(email_keys) > 1;
CREATE INDEX users_by_work_email ON users USING btree (tenant_id, work_email_key, id) WHERE work_email_key IS NOT NULL;

CREATE TRIGGER count_added_users AFTER INSERT ON users REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION count_listed();

CREATE TRIGGER count_removed_users AFTER DELETE ON users REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION count_listed();

CREATE FUNCTION count_listed()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
DECLARE
    step CONSTANT integer := CASE TG_OP WHEN 'INSERT' THEN 1 ELSE -1 END;
    listed record;
BEGIN
    SELECT changed.tenant_id, changed.id, count(*) OVER () AS rows INTO listed FROM changed LIMIT 1;
    IF listed.rows IS NULL THEN
        RETURN NULL;
    END IF;
    IF listed.rows = 1 THEN
        -- What a request does, in half of the time.
        PERFORM pg_advisory_xact_lock_shared(hashtext('listing_counts'), uuid_hash(listed.tenant_id));
        INSERT INTO listing_counts AS counted (tenant_id, kind, first_id, backend, amount)
        VALUES (
            listed.tenant_id,
            TG_TABLE_NAME,
            coalesce(
                (
                    SELECT ranges.first_id
                    FROM listing_counts AS ranges
                    WHERE ranges.tenant_id = listed.tenant_id
                      AND ranges.kind = TG_TABLE_NAME
                      AND ranges.first_id <= listed.id
                    ORDER BY ranges.first_id DESC
                    LIMIT 1
                ),
                '00000000-0000-0000-0000-000000000000'
            ),
            pg_backend_pid(),
            step
        )
        ON CONFLICT (tenant_id, kind, first_id, backend) DO UPDATE
        SET amount = counted.amount + excluded.amount;
        RETURN NULL;
    END IF;
    PERFORM pg_advisory_xact_lock_shared(hashtext('listing_counts'), uuid_hash(tenants.tenant_id))
    FROM (SELECT DISTINCT tenant_id FROM changed) AS tenants;
    INSERT INTO listing_counts AS counted (tenant_id, kind, first_id, backend, amount)
    SELECT placed.tenant_id, TG_TABLE_NAME, placed.first_id, pg_backend_pid(), count(*) * step
    FROM (
        SELECT
            changed.tenant_id,
            coalesce(
                (
                    SELECT ranges.first_id
                    FROM listing_counts AS ranges
                    WHERE ranges.tenant_id = changed.tenant_id
                      AND ranges.kind = TG_TABLE_NAME
                      AND ranges.first_id <= changed.id
                    ORDER BY ranges.first_id DESC
                    LIMIT 1
                ),
                '00000000-0000-0000-0000-000000000000'
            ) AS first_id
        FROM changed
    ) AS placed
    GROUP BY placed.tenant_id, placed.first_id
    ON CONFLICT (tenant_id, kind, first_id, backend) DO UPDATE
    SET amount = counted.amount + excluded.amount;
    RETURN NULL;
END $function$;
