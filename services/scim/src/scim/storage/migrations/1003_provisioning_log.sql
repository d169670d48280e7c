-- migrate:up
-- One row for each SCIM request, without bodies and secrets. Ids rise with time, so that the
-- primary key also answers "since when" and prunes.
CREATE TABLE provisioning_log (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    occurred_at timestamptz NOT NULL,
    operation text NOT NULL,
    resource_type text,
    resource_id text,
    resource_name text,
    status smallint NOT NULL,
    scim_type text,
    detail text,
    dropped text[],
    correlation_id text,
    PRIMARY KEY (tenant_id, id)
);

-- Forward only: dbmate asks for this marker, nothing stands behind it.
-- migrate:down
