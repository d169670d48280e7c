-- name: claim_partition
-- Makes this process the owner of a partition and fences the one before it.
INSERT INTO consumer_offsets AS offsets (consumer_group, topic, partition, epoch, owner)
VALUES (:group, :topic, :partition, 1, :owner)
ON CONFLICT (consumer_group, topic, partition) DO UPDATE
SET epoch = offsets.epoch + 1, owner = EXCLUDED.owner, claimed_at = now()
RETURNING epoch, next_offset;

-- name: advance_partition
-- Moves the offset if this owner is not fenced, and returns what each tenant_id has applied.
WITH fence AS (
    UPDATE consumer_offsets SET next_offset = coalesce(:next_offset, next_offset)
    WHERE consumer_group = :group AND topic = :topic AND partition = :partition AND epoch = :epoch
    RETURNING 1
), positions AS (
    SELECT
        tenant_id,
        coalesce(
            (SELECT inbox.last FROM inbox
             WHERE inbox.tenant_id = asked.tenant_id AND inbox.consumer_group = :group AND inbox.topic = :topic),
            0
        ) AS last,
        (SELECT inbox.last_event_id FROM inbox
         WHERE inbox.tenant_id = asked.tenant_id AND inbox.consumer_group = :group AND inbox.topic = :topic)
            AS last_event_id,
        EXISTS (
            SELECT FROM parked_events AS parked
            WHERE parked.tenant_id = asked.tenant_id AND parked.consumer_group = :group AND parked.topic = :topic
        ) AS has_parked
    FROM unnest(:tenant_ids::uuid[]) AS asked (tenant_id)
)
SELECT
    EXISTS (SELECT FROM fence) AS held,
    array_agg(tenant_id) AS tenants,
    array_agg(last) AS lasts,
    array_agg(last_event_id) AS last_event_ids,
    array_agg(has_parked) AS has_parked
FROM positions;

-- name: save_sequences
-- Notes the last applied sequence of each tenant_id, and the id of the event that had it.
INSERT INTO inbox (tenant_id, consumer_group, topic, last, last_event_id)
SELECT tenant_id, :group, :topic, last, event_id
FROM unnest(:tenant_ids::uuid[], :sequences::bigint[], :event_ids::text[]) AS applied (tenant_id, last, event_id)
ON CONFLICT (tenant_id, consumer_group, topic) DO UPDATE
SET last = EXCLUDED.last, last_event_id = EXCLUDED.last_event_id;

-- name: read_versions
-- Reads the applied version of each record key (tenant_id and subject).
SELECT tenant_id, subject, version
FROM inbox_versions
JOIN unnest(:tenant_ids::uuid[], :subjects::text[]) AS asked (tenant_id, subject) USING (tenant_id, subject)
WHERE consumer_group = :group AND topic = :topic;

-- name: save_versions
-- Notes the applied version of each record key (tenant_id and subject), deleted ones included.
INSERT INTO inbox_versions (tenant_id, consumer_group, topic, subject, version, deleted, deleted_at)
SELECT tenant_id, :group, :topic, subject, version, deleted, CASE WHEN deleted THEN now() END
FROM unnest(:tenant_ids::uuid[], :subjects::text[], :versions::bigint[], :deletions::boolean[]) AS applied (tenant_id, subject, version, deleted)
ON CONFLICT (tenant_id, consumer_group, topic, subject) DO UPDATE
SET version = EXCLUDED.version, deleted = EXCLUDED.deleted, deleted_at = EXCLUDED.deleted_at;

-- name: forget_deleted
-- Forgets the versions of keys, of any tenant_id, that were deleted long ago, a few at a time.
-- cross-tenant: deleted keys of every tenant are remembered for the same time.
DELETE FROM inbox_versions
WHERE (tenant_id, consumer_group, topic, subject) IN (
    SELECT tenant_id, consumer_group, topic, subject
    FROM inbox_versions
    WHERE deleted_at < now() - :keep::interval
    ORDER BY deleted_at
    LIMIT :limit
);
