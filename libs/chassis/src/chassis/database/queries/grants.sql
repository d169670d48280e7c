-- name: who_and_where
-- Tells which role this connection has, and on which database.
SELECT current_user::text AS role, current_database()::text AS database;

-- name: lock_grants
-- Two migrations that end at the same moment take turns.
SELECT pg_advisory_xact_lock(hashtext('portico.grants'));

-- name: list_grants
-- Returns the statements that give a role what it needs on each table, and take away what it does
-- not. A partition has no grants of its own: whoever comes through its table needs none.
SELECT format('REVOKE ALL ON TABLE %s FROM %I', c.oid::regclass, :role::text) AS revoke,
    format(
        'GRANT %s ON TABLE %s TO %I',
        CASE
            WHEN c.relname = ANY(:read_only::text[]) THEN 'SELECT'
            WHEN c.relname = ANY(:append_only::text[]) THEN 'SELECT, INSERT'
            ELSE 'SELECT, INSERT, UPDATE, DELETE'
        END,
        c.oid::regclass,
        :role::text
    ) AS give
FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
ORDER BY c.relname;
