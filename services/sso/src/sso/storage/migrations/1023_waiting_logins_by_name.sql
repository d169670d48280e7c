-- migrate:up
-- Whom the identity provider signs out while they wait to be provisioned.
CREATE INDEX pending_logins_by_waiting_name
    ON pending_logins (tenant_id, connection_id, (waiting ->> 'name_id')) WHERE waiting IS NOT NULL;

-- Forward only: dbmate asks for this marker, nothing stands behind it.
-- migrate:down
