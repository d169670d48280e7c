-- name: list_blocked
-- Lists tenants, by tenant_id, whose next event can never be sent.
-- cross-tenant: operators see every tenant that is held up.
SELECT tenant_id, topic, outbox_id, reason, blocked_at FROM outbox_blocked ORDER BY blocked_at;

-- name: list_offsets
-- Lists how far each partition has come, over every tenant_id.
SELECT consumer_group, topic, partition, next_offset, epoch, owner, claimed_at
FROM consumer_offsets
ORDER BY consumer_group, topic, partition;

-- name: list_parked
-- Lists what is held up of each tenant_id: a subject or (NULL) all of it, by which event, and how many are parked.
-- cross-tenant: operators see every tenant that is held up.
SELECT DISTINCT ON (tenant_id, consumer_group, topic, subject)
    tenant_id, consumer_group, topic, subject, sequence, reason, error, attempts, parked_at, request,
    count(*) OVER (PARTITION BY tenant_id, consumer_group, topic, subject) AS events
FROM parked_events
ORDER BY tenant_id, consumer_group, topic, subject, sequence NULLS FIRST, id;

-- name: request_action
-- Asks the owner of the partition to redrive or skip the first parked event of a tenant_id, or the one with a sequence.
-- cross-tenant: rows are picked by id, out of those of the one tenant named.
UPDATE parked_events SET request = :action, requested_by = :actor, request_note = :note
WHERE id IN (
    SELECT DISTINCT ON (consumer_group, topic) id
    FROM parked_events
    WHERE tenant_id = :tenant_id AND topic = :topic AND (:sequence::bigint IS NULL OR sequence = :sequence AND (reason <> 'waiting' OR subject IS NULL))
    ORDER BY consumer_group, topic, sequence NULLS FIRST, id
)
RETURNING consumer_group;

-- name: list_failed
-- Lists of which tenant_id and topic an event has failed that nobody has asked for again, the longest waiting first.
-- cross-tenant: what was mended may have failed for every tenant.
SELECT tenant_id, topic, count(*) AS events
FROM parked_events
WHERE reason = 'failed' AND request IS NULL AND (:topic::text IS NULL OR topic = :topic)
GROUP BY tenant_id, topic
ORDER BY min(parked_at), tenant_id, topic;

-- name: request_done
-- Tells whether the owner has dealt with every request for this tenant_id and topic.
SELECT NOT EXISTS (
    SELECT FROM parked_events WHERE tenant_id = :tenant_id AND topic = :topic AND request IS NOT NULL
);

-- name: list_history
-- Lists what operators did with parked events of every tenant_id or one, the newest first.
-- cross-tenant: operators see what was done for every tenant.
SELECT tenant_id, consumer_group, topic, action, actor, note, detail, happened_at
FROM parked_audit
WHERE (:tenant_id::uuid IS NULL OR tenant_id = :tenant_id)
    AND (:topic::text IS NULL OR topic = :topic)
ORDER BY id DESC
LIMIT :limit;
