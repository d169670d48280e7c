-- migrate:up
-- Whose later events a parked one holds up: those of the same subject. NULL holds up the whole tenant,
-- because it cannot be told what depends on the record.
ALTER TABLE parked_events ADD COLUMN subject text;
CREATE INDEX parked_events_subject
    ON parked_events (tenant_id, consumer_group, topic, subject, sequence) WHERE subject IS NOT NULL;

-- The id of the event that was applied last: another event under its number is no repetition of it.
ALTER TABLE inbox ADD COLUMN last_event_id text;

-- Forward only: dbmate asks for this marker, nothing stands behind it.
-- migrate:down
