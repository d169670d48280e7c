-- name: park_event
-- Parks a record; one with the same sequence of the tenant_id is parked already.
INSERT INTO parked_events (
    tenant_id, consumer_group, topic, partition, record_offset, sequence, reason, error, attempts, key, value,
    header_names, header_values
)
VALUES (:tenant_id, :group, :topic, :partition, :offset, :sequence, :reason, :error, :attempts, :key, :value, :header_names, :header_values)
ON CONFLICT DO NOTHING;

-- name: is_parked
-- Tells whether this sequence of the tenant_id is parked.
SELECT EXISTS (
    SELECT FROM parked_events WHERE tenant_id = :tenant_id AND consumer_group = :group AND topic = :topic AND sequence = :sequence
);

-- name: read_parked
-- Reads the parked event of a tenant_id with this sequence.
SELECT id, record_offset, sequence, reason, error, key, value, header_names, header_values
FROM parked_events
WHERE tenant_id = :tenant_id AND consumer_group = :group AND topic = :topic AND sequence = :sequence;

-- name: read_unnumbered
-- Reads the oldest parked record of a tenant_id that stands outside its sequence.
SELECT id, record_offset, sequence, reason, error, key, value, header_names, header_values
FROM parked_events
WHERE tenant_id = :tenant_id AND consumer_group = :group AND topic = :topic AND sequence IS NULL AND id > :after
ORDER BY id
LIMIT 1;

-- name: find_first_sequence
-- Tells the lowest parked sequence of a tenant_id.
SELECT min(sequence) FROM parked_events WHERE tenant_id = :tenant_id AND consumer_group = :group AND topic = :topic;

-- name: delete_parked
-- Removes a parked event of a tenant_id that was applied or skipped.
DELETE FROM parked_events WHERE tenant_id = :tenant_id AND id = :id;

-- name: delete_superseded
-- Removes parked states of record keys of which a newer version was applied; keys begin with the tenant_id.
DELETE FROM parked_events
WHERE consumer_group = :group AND topic = :topic AND tenant_id = ANY (:tenant_ids::uuid[]) AND key = ANY (:keys::bytea[]) AND sequence IS NULL;

-- name: record_failure
-- Notes that a parked event of a tenant_id failed again.
UPDATE parked_events
SET reason = :reason, error = :error, attempts = attempts + :attempts,
    parked_at = CASE WHEN reason = 'waiting' THEN now() ELSE parked_at END
WHERE tenant_id = :tenant_id AND id = :id;

-- name: lock_parking
-- Lets the partitions of a group park one after the other, so that each tenant_id counts.
SELECT pg_advisory_xact_lock(hashtext('parking'), hashtext(:group));

-- name: count_newly_parked
-- Counts the tenants, by tenant_id, that a failure has halted recently, except for the given one.
SELECT count(DISTINCT tenant_id)
FROM parked_events
WHERE consumer_group = :group AND reason = 'failed' AND parked_at > now() - :window::interval AND tenant_id <> :tenant_id;

-- name: find_ready
-- Finds tenants, by tenant_id, of a partition whose next event is parked and only waits.
-- cross-tenant: a partition carries the events of many tenants.
SELECT parked.tenant_id
FROM parked_events AS parked
LEFT JOIN inbox USING (tenant_id, consumer_group, topic)
WHERE parked.consumer_group = :group AND parked.topic = :topic AND parked.partition = :partition
    AND parked.reason = 'waiting' AND parked.sequence = coalesce(inbox.last, 0) + 1;

-- name: find_requests
-- Finds what operators have asked for, by tenant_id.
-- cross-tenant: a partition carries the events of many tenants.
SELECT DISTINCT tenant_id, topic, partition, request, requested_by, request_note
FROM parked_events
WHERE consumer_group = :group AND request IS NOT NULL;

-- name: has_request
-- Tells whether an operator's request for a tenant_id is still to be done.
SELECT EXISTS (
    SELECT FROM parked_events
    WHERE tenant_id = :tenant_id AND consumer_group = :group AND topic = :topic AND request IS NOT NULL
);

-- name: clear_request
-- Takes an operator's request for a tenant_id off the list.
UPDATE parked_events SET request = NULL, requested_by = NULL, request_note = NULL
WHERE tenant_id = :tenant_id AND consumer_group = :group AND topic = :topic AND request IS NOT NULL;

-- name: write_audit
-- Notes what was done with a tenant_id's parked events, by whom and why.
INSERT INTO parked_audit (tenant_id, consumer_group, topic, action, actor, note, detail)
VALUES (:tenant_id, :group, :topic, :action, :actor, :note, :detail);

-- name: count_parked
-- Counts parked events of every tenant_id by topic.
-- cross-tenant: metrics are about the service, and name no tenant.
SELECT topic, count(*) AS events FROM parked_events WHERE consumer_group = :group GROUP BY topic;
