-- name: take_buckets
-- Takes the buckets that no other session holds; the session keeps them until it ends.
SELECT bucket FROM unnest(:buckets::integer[]) AS bucket WHERE pg_try_advisory_lock(:lock_class::integer, bucket);

-- name: assign_sequences
-- Gives events of these buckets their dense number for each tenant_id and topic: the oldest of each
-- tenant_id first, in turn. What it costs depends on :limit and on how many wait, not on how much:
-- the index is skipped through from one waiting tenant and topic to the next.
-- cross-tenant: the relay sends the events of every tenant in its buckets.
WITH RECURSIVE waiting AS (
    (
        SELECT tenant_id, topic, bucket
        FROM outbox
        WHERE sent_at IS NULL
        ORDER BY tenant_id, topic
        LIMIT 1
    )
    UNION ALL
    SELECT following.tenant_id, following.topic, following.bucket
    FROM waiting
    CROSS JOIN LATERAL (
        SELECT tenant_id, topic, bucket
        FROM outbox
        WHERE sent_at IS NULL AND (outbox.tenant_id, outbox.topic) > (waiting.tenant_id, waiting.topic)
        ORDER BY tenant_id, topic
        LIMIT 1
    ) AS following
), flowing AS MATERIALIZED (
    SELECT tenant_id, topic, count(*) OVER () AS number
    FROM waiting
    WHERE bucket = ANY (:buckets::smallint[])
        AND NOT EXISTS (
            SELECT FROM outbox_blocked AS blocked
            WHERE blocked.tenant_id = waiting.tenant_id AND blocked.topic = waiting.topic
        )
), oldest AS MATERIALIZED (
    SELECT event.id, flowing.tenant_id, flowing.topic, event.size
    FROM flowing
    CROSS JOIN LATERAL (
        SELECT id, coalesce(octet_length(data), 0) AS size
        FROM outbox
        -- Equal, said so that no other index has this order: a guess from old statistics could make
        -- the planner go through all that was sent, or through the others' backlog.
        WHERE (outbox.tenant_id, outbox.topic) >= (flowing.tenant_id, flowing.topic)
            AND (outbox.tenant_id, outbox.topic) <= (flowing.tenant_id, flowing.topic)
            AND sent_at IS NULL AND sequence IS NULL
        ORDER BY outbox.tenant_id, outbox.topic, id
        -- All of the batch from each of a few; where many wait, a few of each fill it.
        LIMIT greatest(1, least(:limit::bigint, 4 * :limit::bigint / flowing.number))
    ) AS event
), in_turn AS (
    SELECT *, row_number() OVER (PARTITION BY tenant_id ORDER BY id) AS turn
    FROM oldest
    ORDER BY turn, id
    LIMIT :limit::bigint
), fitting AS (
    SELECT id, tenant_id, topic
    FROM (SELECT *, sum(size) OVER (ORDER BY turn, id) - size AS before FROM in_turn) AS measured
    WHERE before <= :max_bytes::bigint
), fresh AS (
    SELECT
        id, tenant_id, topic,
        row_number() OVER (PARTITION BY tenant_id, topic ORDER BY id) AS rank,
        count(*) OVER (PARTITION BY tenant_id, topic) AS amount
    FROM fitting
), taken AS (
    INSERT INTO outbox_sequences AS sequences (tenant_id, topic, last)
    SELECT tenant_id, topic, count(*) FROM fitting GROUP BY tenant_id, topic
    ON CONFLICT (tenant_id, topic) DO UPDATE SET last = sequences.last + EXCLUDED.last
    RETURNING tenant_id, topic, last
)
UPDATE outbox SET sequence = taken.last - fresh.amount + fresh.rank
FROM fresh JOIN taken USING (tenant_id, topic)
WHERE outbox.id = fresh.id
RETURNING outbox.id;

-- name: find_numbered
-- Finds events that have a number but no mark: a relay died or failed between the two.
-- cross-tenant: the relay sends the events of every tenant in its buckets.
SELECT id
FROM outbox
WHERE sent_at IS NULL AND sequence IS NOT NULL AND bucket = ANY (:buckets::smallint[])
    AND NOT EXISTS (
        SELECT FROM outbox_blocked AS blocked
        WHERE blocked.tenant_id = outbox.tenant_id AND blocked.topic = outbox.topic
            AND blocked.retry_at > now()
    );

-- name: read_events
-- Reads numbered events in the order of each tenant_id and topic.
-- cross-tenant: the relay sends the events of every tenant in its buckets.
SELECT id, tenant_id, topic, event_id, type, subject, occurred_at, data, version, correlation_id, traceparent, sequence
FROM outbox
WHERE id = ANY (:ids::bigint[])
ORDER BY tenant_id, topic, sequence;

-- name: mark_sent
-- Marks events that the broker has for good.
-- cross-tenant: the relay sends the events of every tenant in its buckets.
UPDATE outbox SET sent_at = now() WHERE id = ANY (:ids::bigint[]);

-- name: block_tenant
-- Holds back a tenant_id's events of one topic behind one that can never be sent.
-- cross-tenant: the relay sends the events of every tenant in its buckets.
INSERT INTO outbox_blocked (tenant_id, topic, outbox_id, reason, retry_at)
SELECT tenant_id, topic, id, :reason, now() + :retry_after::interval FROM outbox WHERE id = :id
ON CONFLICT (tenant_id, topic) DO UPDATE
SET outbox_id = EXCLUDED.outbox_id, reason = EXCLUDED.reason, retry_at = EXCLUDED.retry_at;

-- name: unblock_tenants
-- Lets the events flow again of each tenant_id whose blocking event has been sent after all.
-- cross-tenant: the relay sends the events of every tenant in its buckets.
DELETE FROM outbox_blocked AS blocked
USING outbox
WHERE outbox.id = blocked.outbox_id AND outbox.sent_at IS NOT NULL
RETURNING blocked.tenant_id, blocked.topic;

-- name: resend_newest
-- Sends the newest state of these records' keys (tenant_id and subject) again, after a late send.
-- cross-tenant: the relay sends the events of every tenant in its buckets.
UPDATE outbox SET sent_at = NULL
WHERE id IN (
    SELECT DISTINCT ON (newest.tenant_id, newest.topic, newest.subject) newest.id
    FROM outbox AS late
    JOIN outbox AS newest USING (tenant_id, topic, subject)
    WHERE late.id = ANY (:ids::bigint[]) AND late.version IS NOT NULL AND newest.sequence IS NOT NULL
    ORDER BY newest.tenant_id, newest.topic, newest.subject, newest.version DESC
);

-- name: prune_sent
-- Deletes the oldest events of every tenant_id that were sent long ago, a few at a time.
-- cross-tenant: sent events of every tenant are kept for the same time.
DELETE FROM outbox
WHERE id IN (
    -- Past what was not sent: a blocked tenant's events must not keep all others' for ever.
    SELECT id FROM (
        SELECT id, sent_at FROM outbox WHERE sent_at IS NOT NULL ORDER BY id LIMIT :limit
    ) AS oldest
    WHERE sent_at < now() - :keep::interval
);
