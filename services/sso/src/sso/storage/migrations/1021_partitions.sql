-- migrate:up
-- What a sign-in leaves for a short time, and its log, by days and months that are dropped as a whole. What there is
-- becomes the default of each: it takes what no partition is there for.
ALTER TABLE pending_logins RENAME TO pending_logins_default;
ALTER TABLE pending_logins_default RENAME CONSTRAINT pending_logins_pkey TO pending_logins_default_pkey;
ALTER INDEX pending_logins_by_browser RENAME TO pending_logins_default_by_browser;
ALTER INDEX pending_logins_by_client RENAME TO pending_logins_default_by_client;
ALTER INDEX pending_logins_by_end RENAME TO pending_logins_default_by_end;
ALTER INDEX pending_logins_by_name_id RENAME TO pending_logins_default_by_name_id;
ALTER INDEX pending_logins_by_request RENAME TO pending_logins_default_by_request;
ALTER INDEX pending_logins_by_user RENAME TO pending_logins_default_by_user;

CREATE TABLE pending_logins (
    LIKE pending_logins_default,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, connection_id) REFERENCES connections (tenant_id, id) ON DELETE CASCADE
) PARTITION BY RANGE (id);
CREATE INDEX pending_logins_by_browser ON pending_logins (browser_digest, id) WHERE browser_digest IS NOT NULL;
CREATE INDEX pending_logins_by_client ON pending_logins ((request ->> 'client_id'));
CREATE INDEX pending_logins_by_end ON pending_logins (expires_at);
CREATE INDEX pending_logins_by_name_id ON pending_logins (tenant_id, connection_id, (outcome ->> 'name_id'))
    WHERE outcome IS NOT NULL;
CREATE INDEX pending_logins_by_request ON pending_logins (tenant_id, connection_id, request_id);
CREATE INDEX pending_logins_by_user ON pending_logins (tenant_id, (outcome ->> 'user_id')) WHERE outcome IS NOT NULL;
ALTER TABLE pending_logins ATTACH PARTITION pending_logins_default DEFAULT;

ALTER TABLE codes RENAME TO codes_default;
ALTER TABLE codes_default DROP CONSTRAINT codes_pkey;
DROP INDEX codes_by_digest;
ALTER INDEX codes_by_end RENAME TO codes_default_by_end;
CREATE TABLE codes (
    LIKE codes_default,
    PRIMARY KEY (tenant_id, digest, expires_at),
    FOREIGN KEY (tenant_id, session_id) REFERENCES sessions (tenant_id, id) ON DELETE CASCADE
) PARTITION BY RANGE (expires_at);
CREATE INDEX codes_by_digest ON codes (digest);
CREATE INDEX codes_by_end ON codes (expires_at);
CREATE INDEX codes_by_session ON codes (tenant_id, session_id);
ALTER TABLE codes ATTACH PARTITION codes_default DEFAULT;

ALTER TABLE used_assertions RENAME TO used_assertions_default;
ALTER TABLE used_assertions_default DROP CONSTRAINT used_assertions_pkey;
ALTER INDEX used_assertions_by_end RENAME TO used_assertions_default_by_end;
-- Until when an id is remembered says the message itself, so that one message has one key.
CREATE TABLE used_assertions (
    LIKE used_assertions_default,
    PRIMARY KEY (tenant_id, connection_id, assertion_id, expires_at)
) PARTITION BY RANGE (expires_at);
CREATE INDEX used_assertions_by_end ON used_assertions (expires_at);
ALTER TABLE used_assertions ATTACH PARTITION used_assertions_default DEFAULT;

ALTER TABLE sign_in_log RENAME TO sign_in_log_default;
ALTER TABLE sign_in_log_default RENAME CONSTRAINT sign_in_log_pkey TO sign_in_log_default_pkey;
ALTER INDEX sign_in_log_by_id RENAME TO sign_in_log_default_by_id;
CREATE TABLE sign_in_log (LIKE sign_in_log_default, PRIMARY KEY (tenant_id, id)) PARTITION BY RANGE (id);
CREATE INDEX sign_in_log_by_id ON sign_in_log (id);
ALTER TABLE sign_in_log ATTACH PARTITION sign_in_log_default DEFAULT;

-- The lowest id of version 7 (RFC 9562 §5.7) of a moment.
CREATE FUNCTION first_id_of(moment timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex(floor(extract(epoch FROM moment) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$$;

-- Makes the partitions of the days and months that come, drops those of which all is over, and deletes what is over from
-- the defaults. It belongs to the owner of the tables, so that the serving role can have it done, and takes no moment from
-- its caller. Whoever holds a table is waited for but shortly, since others wait behind that: it is done the next time.
CREATE FUNCTION keep_partitions(log_days integer) RETURNS TABLE (partition text, what text)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp SET lock_timeout = '500ms' SET timezone = 'UTC' AS $$
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
$$;

SELECT partition, what FROM keep_partitions(3650);

-- Forward only: dbmate asks for this marker, nothing stands behind it.
-- migrate:down
