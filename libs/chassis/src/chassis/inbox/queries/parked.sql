-- name: park_event
-- Parks a record; one with the same sequence of the tenant_id is parked already.
INSERT INTO parked_events (
    tenant_id, consumer_group, topic, partition, record_offset, sequence, subject, reason, error, attempts, key, value,
    header_names, header_values
)
VALUES (
    :tenant_id, :group, :topic, :partition, :offset, :sequence, :subject, :reason, :error, :attempts, :key, :value,
    :header_names, :header_values
)
ON CONFLICT DO NOTHING;

-- name: read_parked
-- Reads the parked event of a tenant_id with this sequence.
SELECT id, partition, record_offset, sequence, subject, reason, error, key, value, header_names, header_values
FROM parked_events
WHERE tenant_id = :tenant_id AND consumer_group = :group AND topic = :topic AND sequence = :sequence;

-- name: read_event
-- Reads a parked event of a tenant_id by its id.
SELECT id, partition, record_offset, sequence, subject, reason, error, key, value, header_names, header_values
FROM parked_events
WHERE tenant_id = :tenant_id AND id = :id;

-- name: find_held
-- Finds those of the subjects, each with its tenant_id, that have a parked event, behind which later ones wait.
SELECT DISTINCT parked.tenant_id, parked.subject
FROM parked_events AS parked
JOIN unnest(:tenant_ids::uuid[], :subjects::text[]) AS asked (tenant_id, subject) USING (tenant_id, subject)
WHERE parked.consumer_group = :group AND parked.topic = :topic;

-- name: read_head
-- Reads the first parked event of a tenant_id that has none of its subject before it: one that only waits, or any.
SELECT id, partition, record_offset, sequence, subject, reason, error, key, value, header_names, header_values
FROM parked_events AS parked
WHERE tenant_id = :tenant_id AND consumer_group = :group AND topic = :topic AND subject IS NOT NULL AND subject <> ALL (:skipped::text[])
    AND (:with_failed::boolean OR reason = 'waiting')
    AND NOT EXISTS (
        SELECT FROM parked_events AS before
        WHERE before.tenant_id = :tenant_id AND before.consumer_group = :group AND before.topic = :topic
            AND before.subject = parked.subject AND before.sequence < parked.sequence
    )
ORDER BY sequence
LIMIT 1;

-- name: hold_subject
-- Lets a parked event of a tenant_id hold up its subject alone.
UPDATE parked_events SET subject = :subject WHERE tenant_id = :tenant_id AND id = :id;

-- name: withdraw_sequence
-- Takes a parked event of a tenant_id out of the sequence, which another event has claimed.
UPDATE parked_events SET sequence = NULL, subject = NULL, reason = :reason, error = :error WHERE tenant_id = :tenant_id AND id = :id;

-- name: read_unnumbered
-- Reads the oldest parked record of a tenant_id that stands outside its sequence; one of two under one number on request alone.
SELECT id, partition, record_offset, sequence, subject, reason, error, key, value, header_names, header_values
FROM parked_events
WHERE tenant_id = :tenant_id AND consumer_group = :group AND topic = :topic AND sequence IS NULL AND id > :after
    AND (:with_conflicts::boolean OR reason <> 'conflict')
ORDER BY id
LIMIT 1;

-- name: find_first_sequence
-- Tells the lowest parked sequence of a tenant_id that stands behind a gap.
SELECT min(sequence) FROM parked_events
WHERE tenant_id = :tenant_id AND consumer_group = :group AND topic = :topic AND subject IS NULL;

-- name: delete_parked
-- Removes a parked event of a tenant_id that was applied or skipped.
DELETE FROM parked_events WHERE tenant_id = :tenant_id AND id = :id;

-- name: delete_superseded
-- Removes parked states of record keys that stand before one that was applied; keys begin with the tenant_id.
DELETE FROM parked_events AS parked
USING unnest(:keys::bytea[], :offsets::bigint[]) AS applied (key, record_offset)
WHERE parked.consumer_group = :group AND parked.topic = :topic AND parked.tenant_id = ANY (:tenant_ids::uuid[])
    AND parked.key = applied.key AND parked.record_offset < applied.record_offset AND parked.sequence IS NULL;

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

-- name: find_waiting
-- Finds tenants, by tenant_id, of a partition that have parked events in their sequence.
-- cross-tenant: a partition carries the events of many tenants.
SELECT DISTINCT tenant_id
FROM parked_events
WHERE consumer_group = :group AND topic = :topic AND partition = :partition AND sequence IS NOT NULL;

-- name: find_requests
-- Finds what operators have asked for, by tenant_id.
-- cross-tenant: a partition carries the events of many tenants.
SELECT id, tenant_id, topic, partition, request, requested_by, request_note
FROM parked_events
WHERE consumer_group = :group AND request IS NOT NULL;

-- name: has_request
-- Tells whether an operator's request of this kind for a tenant_id is still to be done.
SELECT EXISTS (
    SELECT FROM parked_events
    WHERE tenant_id = :tenant_id AND consumer_group = :group AND topic = :topic AND request = :action
);

-- name: clear_request
-- Takes operators' requests of this kind for a tenant_id off the list, or the one that names an event.
UPDATE parked_events SET request = NULL, requested_by = NULL, request_note = NULL
WHERE tenant_id = :tenant_id AND consumer_group = :group AND topic = :topic AND request = :action
    AND (:event::bigint IS NULL OR id = :event);

-- name: write_audit
-- Notes what was done with a tenant_id's parked events, by whom and why.
INSERT INTO parked_audit (tenant_id, consumer_group, topic, action, actor, note, detail)
VALUES (:tenant_id, :group, :topic, :action, :actor, :note, :detail);

-- name: count_parked
-- Counts parked events of every tenant_id by topic.
-- cross-tenant: metrics are about the service, and name no tenant.
SELECT topic, count(*) AS events FROM parked_events WHERE consumer_group = :group GROUP BY topic;
