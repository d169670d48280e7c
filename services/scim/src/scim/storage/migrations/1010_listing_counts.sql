-- migrate:up
-- How many users and groups each tenant has, by ranges of their ids: a listing takes its total from
-- here, and finds the range in which a page begins without counting what comes before it.
-- A range goes from its first id to the next range's. What no range holds belongs to the one from
-- zero. Each connection counts in rows of its own (`backend` is its process), so that nobody waits
-- for another's row; backend 0 has what was folded together.
CREATE TABLE listing_counts (
    tenant_id uuid NOT NULL,
    -- The table that is counted: `users` or `groups`.
    kind text NOT NULL,
    first_id uuid NOT NULL,
    backend integer NOT NULL,
    amount bigint NOT NULL,
    PRIMARY KEY (tenant_id, kind, first_id, backend)
) WITH (fillfactor = 50);

-- Whoever counts holds the tenant's lock shared until its commit. Ranges are made anew by who has it
-- alone, so nobody counts by ranges of before. A statement reads what was committed when it began:
-- the lock has to be taken by an earlier one than the count.
CREATE FUNCTION count_listed() RETURNS trigger LANGUAGE plpgsql AS $$
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
END $$;

-- Making them waits for writers and makes writers wait, old replicas too; then what is there is
-- counted.
CREATE TRIGGER count_added_users AFTER INSERT ON users
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION count_listed();
CREATE TRIGGER count_removed_users AFTER DELETE ON users
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION count_listed();
CREATE TRIGGER count_added_groups AFTER INSERT ON groups
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION count_listed();
CREATE TRIGGER count_removed_groups AFTER DELETE ON groups
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION count_listed();

INSERT INTO listing_counts (tenant_id, kind, first_id, backend, amount)
SELECT tenant_id, 'users', '00000000-0000-0000-0000-000000000000'::uuid, 0, count(*)
FROM users
GROUP BY tenant_id
UNION ALL
SELECT tenant_id, 'groups', '00000000-0000-0000-0000-000000000000'::uuid, 0, count(*)
FROM groups
GROUP BY tenant_id;

-- Forward only: dbmate asks for this marker, nothing stands behind it.
-- migrate:down
