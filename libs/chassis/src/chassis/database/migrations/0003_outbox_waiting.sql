-- migrate:up
-- The relay goes from one waiting tenant and topic to the next, and takes the oldest of each.
CREATE INDEX outbox_waiting ON outbox (tenant_id, topic, id) WHERE sent_at IS NULL;
DROP INDEX outbox_pending;

-- Forward only: dbmate asks for this marker, nothing stands behind it.
-- migrate:down
