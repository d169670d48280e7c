-- name: list_applied_migrations
-- The numbers of the migrations that dbmate has applied.
SELECT version FROM schema_migrations;

-- name: find_migrations_table
-- Tells whether this database was ever migrated.
SELECT to_regclass('schema_migrations')::text;

-- name: is_connection_encrypted
-- Tells whether this connection goes over TLS.
SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid();
