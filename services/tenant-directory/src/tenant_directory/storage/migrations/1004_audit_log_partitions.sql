-- migrate:up
-- The audit log by months, so that old ones can be dropped as a whole. What it had becomes the first of them.
ALTER TABLE audit_log RENAME TO audit_log_before;
ALTER TABLE audit_log_before DROP CONSTRAINT audit_log_pkey, DROP CONSTRAINT audit_log_tenant_id_fkey;
ALTER TABLE audit_log_before ALTER COLUMN id DROP IDENTITY;
DROP TRIGGER audit_log_append_only ON audit_log_before;

CREATE TABLE audit_log (
    tenant_id uuid NOT NULL REFERENCES tenants (tenant_id),
    id bigint GENERATED ALWAYS AS IDENTITY,
    at timestamptz NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    subject text NOT NULL,
    details jsonb NOT NULL,
    correlation_id text,
    PRIMARY KEY (tenant_id, id, at)
) PARTITION BY RANGE (at);
CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_log_change();

-- Takes what no month is there for, so that nothing is refused for want of one; `keep_audit_log` empties it.
CREATE TABLE audit_log_default PARTITION OF audit_log DEFAULT;

DO $$
DECLARE
    next_month timestamptz := (date_trunc('month', now() AT TIME ZONE 'UTC') + interval '1 month') AT TIME ZONE 'UTC';
    name text := 'audit_log_' || to_char(next_month AT TIME ZONE 'UTC' - interval '1 day', 'YYYY_MM');
BEGIN
    IF NOT EXISTS (SELECT FROM audit_log_before) THEN
        DROP TABLE audit_log_before;
        RETURN;
    END IF;
    PERFORM setval(pg_get_serial_sequence('audit_log', 'id'), (SELECT max(id) FROM audit_log_before));
    -- Nothing is from later months; whoever wrote that must not fail the migration.
    IF EXISTS (SELECT FROM audit_log_before WHERE at >= next_month) THEN
        RAISE EXCEPTION 'audit_log has entries of the future';
    END IF;
    EXECUTE format('ALTER TABLE audit_log_before RENAME TO %I', name);
    EXECUTE format('ALTER TABLE audit_log ATTACH PARTITION %I FOR VALUES FROM (MINVALUE) TO (%L)', name, next_month);
END
$$;

-- Makes the months that come, and drops those that are wholly older than so many days. It belongs to the owner of the
-- tables, so that the serving role can have it done; less than 90 days are never kept, whatever is asked for.
CREATE FUNCTION keep_audit_log(keep_days integer) RETURNS TABLE (partition text, what text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET lock_timeout = '2s' AS $$
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
$$;

-- The month at hand is there before anything is written: what waits for the default while it gives up a month fails.
SELECT partition, what FROM keep_audit_log(36500);

-- Forward only: dbmate asks for this marker, nothing stands behind it.
-- migrate:down
