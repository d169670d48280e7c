-- migrate:up
-- What the directory says of tenants on directory-tenants. Two services had this table before.
CREATE TABLE IF NOT EXISTS tenants (
    tenant_id uuid PRIMARY KEY,
    name text NOT NULL,
    package text NOT NULL,
    status text NOT NULL
);
-- Every state is newer than 0. The default serves replicas of the release before, too.
ALTER TABLE tenants ADD COLUMN IF NOT EXISTS version bigint NOT NULL DEFAULT 0;
ALTER TABLE tenants ALTER COLUMN version SET DEFAULT 0;
-- Not unique: a name may pass from one tenant to another before both records have arrived.
CREATE INDEX IF NOT EXISTS tenants_by_name ON tenants (lower(name));
DROP INDEX IF EXISTS tenants_name;

-- Forward only: dbmate asks for this marker, nothing stands behind it.
-- migrate:down
