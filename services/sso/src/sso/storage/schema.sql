-- What the migrations make, to be read. Written by `make schema`; do not edit.
-- Beside these are the chassis' own tables: libs/chassis/src/chassis/database/schema.sql.

CREATE TABLE bindings (
    tenant_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    subject text NOT NULL,
    user_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT bindings_pkey PRIMARY KEY (tenant_id, connection_id, subject),
    CONSTRAINT bindings_tenant_id_connection_id_fkey FOREIGN KEY (tenant_id, connection_id) REFERENCES connections(tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT bindings_tenant_id_user_id_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES users(tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX bindings_by_user ON bindings USING btree (tenant_id, user_id);
CREATE UNIQUE INDEX bindings_one_subject ON bindings USING btree (tenant_id, connection_id, user_id);

CREATE TABLE client_assertions (
    client_id text NOT NULL,
    digest bytea NOT NULL,
    expires_at timestamptz NOT NULL,
    CONSTRAINT client_assertions_pkey PRIMARY KEY (client_id, digest)
);
CREATE INDEX client_assertions_by_end ON client_assertions USING btree (expires_at);

CREATE TABLE clients (
    id text NOT NULL,
    name text NOT NULL,
    secret_digest bytea,
    redirect_uris text[] NOT NULL,
    created_at timestamptz NOT NULL,
    disabled_at timestamptz,
    post_logout_redirect_uris text[] NOT NULL DEFAULT '{}'::text[],
    backchannel_logout_uri text,
    initiate_login_uri text,
    audiences text[] NOT NULL DEFAULT '{}'::text[],
    service boolean NOT NULL DEFAULT false,
    access_token_seconds integer NOT NULL DEFAULT 300,
    previous_secret_digest bytea,
    previous_secret_until timestamptz,
    public_keys text,
    allowed_origins text[] NOT NULL DEFAULT '{}'::text[],
    consent boolean NOT NULL DEFAULT false,
    CONSTRAINT clients_pkey PRIMARY KEY (id)
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
    CONSTRAINT codes_pkey PRIMARY KEY (tenant_id, digest, expires_at),
    CONSTRAINT codes_tenant_id_session_id_fkey1 FOREIGN KEY (tenant_id, session_id) REFERENCES sessions(tenant_id, id) ON DELETE CASCADE
) PARTITION BY RANGE (expires_at);
CREATE INDEX codes_by_digest ON ONLY codes USING btree (digest);
CREATE INDEX codes_by_end ON ONLY codes USING btree (expires_at);
CREATE INDEX codes_by_session ON ONLY codes USING btree (tenant_id, session_id);

CREATE TABLE codes_default PARTITION OF codes DEFAULT;

CREATE TABLE connection_routes (
    tenant_id uuid NOT NULL,
    domain text NOT NULL,
    connection_id uuid NOT NULL,
    CONSTRAINT connection_routes_pkey PRIMARY KEY (tenant_id, domain),
    CONSTRAINT connection_routes_tenant_id_connection_id_fkey FOREIGN KEY (tenant_id, connection_id) REFERENCES connections(tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX connection_routes_by_connection ON connection_routes USING btree (tenant_id, connection_id);

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
    previous jsonb,
    activated_at timestamptz,
    refresh_due_at timestamptz NOT NULL DEFAULT '-infinity'::timestamp with time zone,
    refreshed_at timestamptz,
    refresh_failures integer NOT NULL DEFAULT 0,
    refresh_problem text,
    default_client text,
    sign_requests boolean NOT NULL DEFAULT false,
    single_logout boolean NOT NULL DEFAULT false,
    own_domains text[] NOT NULL DEFAULT '{}'::text[],
    certificates_end timestamptz,
    certificates_told integer,
    CONSTRAINT connections_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT connections_default_client_fkey FOREIGN KEY (default_client) REFERENCES clients(id)
);
CREATE INDEX connections_by_certificates_end ON connections USING btree (certificates_end) WHERE certificates_end IS NOT NULL;
CREATE INDEX connections_by_certificates_told ON connections USING btree (certificates_told) WHERE certificates_told IS NOT NULL;
CREATE INDEX connections_by_default_client ON connections USING btree (default_client) WHERE default_client IS NOT NULL;
CREATE UNIQUE INDEX connections_by_id ON connections USING btree (id);
CREATE INDEX connections_to_refresh ON connections USING btree (refresh_due_at) WHERE NOT suspended AND (active ->> 'metadata_url'::text) IS NOT NULL;

CREATE TABLE consents (
    tenant_id uuid NOT NULL,
    user_id uuid NOT NULL,
    client_id text NOT NULL,
    scopes text[] NOT NULL,
    given_at timestamptz NOT NULL,
    CONSTRAINT consents_pkey PRIMARY KEY (tenant_id, user_id, client_id),
    CONSTRAINT consents_tenant_id_user_id_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES users(tenant_id, id) ON DELETE CASCADE
);

CREATE TABLE domains (
    tenant_id uuid NOT NULL,
    domain text NOT NULL,
    CONSTRAINT domains_pkey PRIMARY KEY (tenant_id, domain)
);
CREATE INDEX domains_by_name ON domains USING btree (domain);

CREATE TABLE keys (
    id text NOT NULL,
    private_key bytea NOT NULL,
    created_at timestamptz NOT NULL,
    purpose text NOT NULL,
    certificate bytea,
    active_from timestamptz NOT NULL,
    CONSTRAINT keys_pkey PRIMARY KEY (id)
);

CREATE TABLE logout_notices (
    tenant_id uuid NOT NULL,
    session_id uuid NOT NULL,
    client_id text NOT NULL,
    user_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    given_up boolean NOT NULL DEFAULT false,
    last_failure text,
    CONSTRAINT logout_notices_pkey PRIMARY KEY (tenant_id, session_id, client_id)
);
CREATE INDEX logout_notices_by_age ON logout_notices USING btree (created_at);
CREATE INDEX logout_notices_due ON logout_notices USING btree (client_id, due_at) WHERE NOT given_up;

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
    waiting_digest bytea,
    waiting jsonb,
    CONSTRAINT pending_logins_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT pending_logins_tenant_id_connection_id_fkey1 FOREIGN KEY (tenant_id, connection_id) REFERENCES connections(tenant_id, id) ON DELETE CASCADE
) PARTITION BY RANGE (id);
CREATE INDEX pending_logins_by_browser ON ONLY pending_logins USING btree (browser_digest, id) WHERE browser_digest IS NOT NULL;
CREATE INDEX pending_logins_by_client ON ONLY pending_logins USING btree ((request ->> 'client_id'::text));
CREATE INDEX pending_logins_by_end ON ONLY pending_logins USING btree (expires_at);
CREATE INDEX pending_logins_by_name_id ON ONLY pending_logins USING btree (tenant_id, connection_id, (outcome ->> 'name_id'::text)) WHERE outcome IS NOT NULL;
CREATE INDEX pending_logins_by_request ON ONLY pending_logins USING btree (tenant_id, connection_id, request_id);
CREATE INDEX pending_logins_by_user ON ONLY pending_logins USING btree (tenant_id, (outcome ->> 'user_id'::text)) WHERE outcome IS NOT NULL;
CREATE INDEX pending_logins_by_waiting_name ON ONLY pending_logins USING btree (tenant_id, connection_id, (waiting ->> 'name_id'::text)) WHERE waiting IS NOT NULL;

CREATE TABLE pending_logins_default PARTITION OF pending_logins DEFAULT;

CREATE TABLE pending_logouts (
    tenant_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    request_id text NOT NULL,
    return_to text,
    expires_at timestamptz NOT NULL,
    CONSTRAINT pending_logouts_pkey PRIMARY KEY (tenant_id, connection_id, request_id),
    CONSTRAINT pending_logouts_tenant_id_connection_id_fkey FOREIGN KEY (tenant_id, connection_id) REFERENCES connections(tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX pending_logouts_by_end ON pending_logouts USING btree (expires_at);

CREATE TABLE pushed_requests (
    digest bytea NOT NULL,
    client_id text NOT NULL,
    parameters jsonb NOT NULL,
    expires_at timestamptz NOT NULL,
    CONSTRAINT pushed_requests_pkey PRIMARY KEY (digest)
);
CREATE INDEX pushed_requests_by_end ON pushed_requests USING btree (expires_at);

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
    CONSTRAINT refresh_families_pkey PRIMARY KEY (tenant_id, digest),
    CONSTRAINT refresh_families_tenant_id_session_id_fkey FOREIGN KEY (tenant_id, session_id) REFERENCES sessions(tenant_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX refresh_families_by_digest ON refresh_families USING btree (digest);
CREATE INDEX refresh_families_by_end ON refresh_families USING btree (expires_at);
CREATE INDEX refresh_families_by_session ON refresh_families USING btree (tenant_id, session_id, client_id);

CREATE TABLE session_clients (
    tenant_id uuid NOT NULL,
    session_id uuid NOT NULL,
    client_id text NOT NULL,
    revoked_before uuid,
    CONSTRAINT session_clients_pkey PRIMARY KEY (tenant_id, session_id, client_id),
    CONSTRAINT session_clients_tenant_id_session_id_fkey FOREIGN KEY (tenant_id, session_id) REFERENCES sessions(tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX session_clients_by_client ON session_clients USING btree (client_id, session_id);

CREATE TABLE session_policies (
    tenant_id uuid NOT NULL,
    idle interval NOT NULL,
    lifetime interval NOT NULL,
    CONSTRAINT session_policies_pkey PRIMARY KEY (tenant_id)
);

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
    offline_until timestamptz,
    ends_at timestamptz NOT NULL,
    idle interval NOT NULL DEFAULT '12:00:00'::interval,
    acr text,
    amr text[] NOT NULL DEFAULT '{fed}'::text[],
    CONSTRAINT sessions_pkey PRIMARY KEY (tenant_id, id)
);
CREATE INDEX sessions_by_connection ON sessions USING btree (tenant_id, connection_id) WHERE ended_at IS NULL;
CREATE INDEX sessions_by_end ON sessions USING btree (GREATEST(expires_at, offline_until));
CREATE INDEX sessions_by_name_id ON sessions USING btree (tenant_id, connection_id, name_id) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX sessions_by_secret ON sessions USING btree (secret_digest);
CREATE INDEX sessions_by_user ON sessions USING btree (tenant_id, user_id) WHERE ended_at IS NULL;

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
    CONSTRAINT sign_in_log_pkey PRIMARY KEY (tenant_id, id)
) PARTITION BY RANGE (id);
CREATE INDEX sign_in_log_by_id ON ONLY sign_in_log USING btree (id);

CREATE TABLE sign_in_log_default PARTITION OF sign_in_log DEFAULT;

CREATE TABLE tenants (
    tenant_id uuid NOT NULL,
    name text NOT NULL,
    package text NOT NULL,
    status text NOT NULL,
    version bigint NOT NULL DEFAULT 0,
    CONSTRAINT tenants_pkey PRIMARY KEY (tenant_id)
);
CREATE INDEX tenants_by_name ON tenants USING btree (lower(name));

CREATE TABLE used_assertions (
    tenant_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    assertion_id text NOT NULL,
    expires_at timestamptz NOT NULL,
    CONSTRAINT used_assertions_pkey PRIMARY KEY (tenant_id, connection_id, assertion_id, expires_at)
) PARTITION BY RANGE (expires_at);
CREATE INDEX used_assertions_by_end ON ONLY used_assertions USING btree (expires_at);

CREATE TABLE used_assertions_default PARTITION OF used_assertions DEFAULT;

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
    CONSTRAINT users_pkey PRIMARY KEY (tenant_id, id)
);
CREATE INDEX users_by_email ON users USING btree (tenant_id, email_key);
CREATE INDEX users_by_external_id ON users USING btree (tenant_id, external_id);
CREATE INDEX users_by_name ON users USING btree (tenant_id, user_name_key);

CREATE FUNCTION first_id_of(moment timestamp with time zone)
 RETURNS uuid
 LANGUAGE sql
 IMMUTABLE
AS $function$
    SELECT (lpad(to_hex(floor(extract(epoch FROM moment) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$function$;

CREATE FUNCTION keep_partitions(log_days integer)
 RETURNS TABLE(partition text, what text)
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
 SET lock_timeout TO '500ms'
 SET "TimeZone" TO 'UTC'
AS $function$
DECLARE
    kept record;
    child record;
    begins timestamptz;
    ends timestamptz;
    low text;
    high text;
    taken boolean;
    deleted bigint;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtext('keep_partitions')) THEN
        RETURN;
    END IF;
    FOR kept IN
        SELECT * FROM (VALUES
            ('pending_logins', 'id', 'day', interval '1 day', now() - interval '1 hour'),
            ('codes', 'expires_at', 'day', interval '1 day', now() - interval '1 hour'),
            ('used_assertions', 'expires_at', 'day', interval '1 day', now() - interval '1 hour'),
            ('sign_in_log', 'id', 'month', interval '1 month', now() - make_interval(days => greatest(log_days, 1)))
        ) AS known (name, key, unit, step, before)
    LOOP
        FOR ahead IN 0..2 LOOP
            begins := date_trunc(kept.unit, now()) + ahead * kept.step;
            ends := begins + kept.step;
            partition := kept.name || to_char(begins, CASE kept.unit WHEN 'day' THEN '_YYYY_MM_DD' ELSE '_YYYY_MM' END);
            CONTINUE WHEN to_regclass('public.' || partition) IS NOT NULL;
            low := CASE kept.key WHEN 'id' THEN public.first_id_of(begins)::text ELSE begins::text END;
            high := CASE kept.key WHEN 'id' THEN public.first_id_of(ends)::text ELSE ends::text END;
            EXECUTE format(
                'SELECT EXISTS (SELECT FROM public.%I WHERE %I >= %L AND %I < %L)',
                kept.name || '_default', kept.key, low, kept.key, high
            ) INTO taken;
            -- What is in the default already stays there, until it is over.
            CONTINUE WHEN taken;
            BEGIN
                EXECUTE format(
                    'CREATE TABLE public.%I (LIKE public.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', partition, kept.name
                );
                EXECUTE format(
                    'ALTER TABLE public.%I ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
                    kept.name, partition, low, high
                );
                what := 'made';
            EXCEPTION WHEN lock_not_available OR check_violation THEN
                what := 'waits';
            END;
            RETURN NEXT;
        END LOOP;
        FOR child IN
            SELECT relname::text AS name, to_date(
                substr(relname::text, length(kept.name) + 2), CASE kept.unit WHEN 'day' THEN 'YYYY_MM_DD' ELSE 'YYYY_MM' END
            ) + kept.step AS ends
            FROM pg_inherits
            JOIN pg_class ON pg_class.oid = inhrelid
            WHERE inhparent = ('public.' || kept.name)::regclass AND relname::text ~ ('^' || kept.name || '_[0-9_]+$')
        LOOP
            CONTINUE WHEN child.ends > kept.before;
            partition := child.name;
            BEGIN
                EXECUTE format('DROP TABLE public.%I', child.name);
                what := 'dropped';
            EXCEPTION WHEN lock_not_available THEN
                what := 'waits';
            END;
            RETURN NEXT;
        END LOOP;
        EXECUTE format(
            'DELETE FROM public.%I WHERE %I < %L', kept.name || '_default', kept.key,
            CASE kept.key WHEN 'id' THEN public.first_id_of(kept.before)::text ELSE kept.before::text END
        );
        GET DIAGNOSTICS deleted = ROW_COUNT;
        IF deleted > 0 THEN
            partition := kept.name || '_default';
            what := deleted || ' rows deleted';
            RETURN NEXT;
        END IF;
    END LOOP;
END
$function$;
