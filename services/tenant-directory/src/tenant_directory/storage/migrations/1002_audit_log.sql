-- migrate:up
CREATE TABLE audit_log (
    tenant_id uuid NOT NULL REFERENCES tenants (tenant_id),
    id bigint GENERATED ALWAYS AS IDENTITY,
    at timestamptz NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    subject text NOT NULL,
    details jsonb NOT NULL,
    correlation_id text,
    PRIMARY KEY (tenant_id, id)
);

-- What happened, happened: not even the service itself can rewrite it.
CREATE FUNCTION refuse_audit_log_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit_log is append only';
END
$$;
CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_log_change();

-- Forward only: dbmate asks for this marker, nothing stands behind it.
-- migrate:down
