-- migrate:up
-- What the directory tells of tenants on directory-tenants.
CREATE TABLE tenants (
    tenant_id uuid PRIMARY KEY,
    name text NOT NULL,
    package text NOT NULL,
    status text NOT NULL,
    version bigint NOT NULL
);
-- Not unique: a name may pass from one tenant to another before both records have arrived.
CREATE INDEX tenants_name ON tenants (name);

-- migrate:down
