-- What the migrations make, to be read. Written by `make schema`; do not edit.
-- Beside these are the chassis' own tables: libs/chassis/src/chassis/database/schema.sql.

CREATE TABLE audit_log (
    tenant_id uuid NOT NULL,
    id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    at timestamptz NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    subject text NOT NULL,
    details jsonb NOT NULL,
    correlation_id text,
    CONSTRAINT audit_log_pkey PRIMARY KEY (tenant_id, id, at),
    CONSTRAINT audit_log_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(tenant_id)
) PARTITION BY RANGE (at);

CREATE TRIGGER audit_log_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON audit_log FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_log_change();

CREATE TABLE audit_log_default PARTITION OF audit_log DEFAULT;

CREATE TABLE groups (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    display_name text NOT NULL,
    external_id text,
    version bigint NOT NULL,
    scim_version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    display_name_key text NOT NULL,
    CONSTRAINT groups_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT groups_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(tenant_id)
);
CREATE INDEX groups_display_name ON groups USING btree (tenant_id, display_name_key);

CREATE TRIGGER groups_fill_display_name_key BEFORE INSERT ON groups FOR EACH ROW EXECUTE FUNCTION fill_display_name_key();

CREATE TABLE memberships (
    tenant_id uuid NOT NULL,
    group_id uuid NOT NULL,
    user_id uuid NOT NULL,
    CONSTRAINT memberships_pkey PRIMARY KEY (tenant_id, group_id, user_id),
    CONSTRAINT memberships_tenant_id_group_id_fkey FOREIGN KEY (tenant_id, group_id) REFERENCES groups(tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT memberships_tenant_id_user_id_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES users(tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX memberships_user ON memberships USING btree (tenant_id, user_id);

CREATE TABLE tenants (
    tenant_id uuid NOT NULL,
    name text NOT NULL,
    package text NOT NULL,
    status text NOT NULL,
    default_role text,
    invitations_enabled boolean NOT NULL,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT tenants_pkey PRIMARY KEY (tenant_id)
);
CREATE UNIQUE INDEX tenants_name ON tenants USING btree (name);

CREATE TABLE users (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    user_name text NOT NULL,
    user_name_key text NOT NULL,
    status text NOT NULL,
    origin text NOT NULL,
    role text,
    role_given_by text NOT NULL,
    soft_deleted boolean NOT NULL,
    external_id text,
    display_name text,
    given_name text,
    family_name text,
    email text,
    attributes jsonb NOT NULL,
    version bigint NOT NULL,
    scim_version bigint,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT users_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT users_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(tenant_id)
);
CREATE UNIQUE INDEX users_user_name ON users USING btree (tenant_id, user_name_key) WHERE NOT soft_deleted;

CREATE FUNCTION fill_display_name_key()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    NEW.display_name_key := coalesce(NEW.display_name_key, lower(normalize(NEW.display_name, NFC)));
    RETURN NEW;
END
$function$;

CREATE FUNCTION keep_audit_log(keep_days integer)
 RETURNS TABLE(partition text, what text)
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
 SET lock_timeout TO '2s'
AS $function$
DECLARE
    month timestamp;
    oldest timestamptz := now() - make_interval(days => greatest(keep_days, 90));
BEGIN
    FOR month IN
        SELECT date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => ahead) FROM generate_series(0, 2) AS ahead
        UNION
        -- Whoever writes an entry says of when it is: that must make neither tables without number nor a month that fails.
        SELECT DISTINCT date_trunc('month', entry.at AT TIME ZONE 'UTC') FROM public.audit_log_default AS entry
        WHERE entry.at > now() - interval '20 years' AND entry.at < now() + interval '2 months'
        ORDER BY 1
    LOOP
        partition := 'audit_log_' || to_char(month, 'YYYY_MM');
        CONTINUE WHEN to_regclass('public.' || partition) IS NOT NULL;
        EXECUTE format('CREATE TABLE public.%I (LIKE public.audit_log INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', partition);
        EXECUTE format(
            'WITH moved AS (DELETE FROM public.audit_log_default WHERE at >= %L AND at < %L RETURNING *)'
            ' INSERT INTO public.%I SELECT * FROM moved',
            month AT TIME ZONE 'UTC', (month + interval '1 month') AT TIME ZONE 'UTC', partition
        );
        EXECUTE format(
            'ALTER TABLE public.audit_log ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
            partition, month AT TIME ZONE 'UTC', (month + interval '1 month') AT TIME ZONE 'UTC'
        );
        what := 'made';
        RETURN NEXT;
    END LOOP;
    FOR partition IN
        SELECT child.relname::text
        FROM pg_inherits
        JOIN pg_class AS child ON child.oid = inhrelid
        WHERE inhparent = 'public.audit_log'::regclass AND child.relname ~ '^audit_log_[0-9]{4}_[0-9]{2}$'
            AND (to_date(right(child.relname, 7), 'YYYY_MM') + interval '1 month') AT TIME ZONE 'UTC' <= oldest
    LOOP
        EXECUTE format('DROP TABLE public.%I', partition);
        what := 'dropped';
        RETURN NEXT;
    END LOOP;
END
$function$;

CREATE FUNCTION refuse_audit_log_change()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    RAISE EXCEPTION 'audit_log is append only';
END
$function$;
