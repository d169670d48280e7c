-- migrate:up
-- What operators set for single tenants; a tenant without a row has the defaults.
CREATE TABLE tenant_settings (
    tenant_id uuid PRIMARY KEY REFERENCES tenants (tenant_id) ON DELETE CASCADE,
    strict boolean NOT NULL
);

-- Forward only: dbmate asks for this marker, nothing stands behind it.
-- migrate:down
