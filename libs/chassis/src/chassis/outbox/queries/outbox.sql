-- name: insert_events
-- Writes events in the caller's transaction, in the order of the arrays.
INSERT INTO outbox (tenant_id, topic, event_id, type, subject, occurred_at, data, version, correlation_id, traceparent)
SELECT tenant_id, topic, event_id, type, subject, occurred_at, data, version, correlation_id, traceparent
FROM unnest(
    :tenant_ids::uuid[], :topics::text[], :event_ids::uuid[], :types::text[], :subjects::text[], :times::timestamptz[], :data::bytea[], :versions::bigint[], :correlation_ids::text[], :traceparents::text[]
) WITH ORDINALITY AS event (tenant_id, topic, event_id, type, subject, occurred_at, data, version, correlation_id, traceparent, position)
ORDER BY position;

-- name: measure_backlog
-- Tells how much waits in the outbox over every tenant_id, and since when.
-- cross-tenant: operators see the state of the whole service.
WITH RECURSIVE oldest AS (
    (
        SELECT tenant_id, topic, occurred_at
        FROM outbox
        WHERE sent_at IS NULL
        ORDER BY tenant_id, topic, id
        LIMIT 1
    )
    UNION ALL
    SELECT following.tenant_id, following.topic, following.occurred_at
    FROM oldest
    CROSS JOIN LATERAL (
        SELECT tenant_id, topic, occurred_at
        FROM outbox
        WHERE sent_at IS NULL AND (outbox.tenant_id, outbox.topic) > (oldest.tenant_id, oldest.topic)
        ORDER BY tenant_id, topic, id
        LIMIT 1
    ) AS following
)
SELECT
    (SELECT count(*) FROM (SELECT tenant_id FROM outbox WHERE sent_at IS NULL LIMIT 100000) AS waiting) AS pending,
    coalesce(extract(epoch FROM now() - min(occurred_at)), 0)::float8 AS lag_seconds
FROM oldest;
