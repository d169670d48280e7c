-- name: insert_events
-- Writes events in the caller's transaction, in the order of the arrays.
INSERT INTO outbox (tenant_id, topic, event_id, type, subject, occurred_at, data, version, correlation_id, traceparent)
SELECT tenant_id, topic, event_id, type, subject, occurred_at, data, version, correlation_id, traceparent
FROM unnest(
    $1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::text[], $6::timestamptz[], $7::bytea[], $8::bigint[], $9::text[], $10::text[]
) WITH ORDINALITY AS event (tenant_id, topic, event_id, type, subject, occurred_at, data, version, correlation_id, traceparent, position)
ORDER BY position;
