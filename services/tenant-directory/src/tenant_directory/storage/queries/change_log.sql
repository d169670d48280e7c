-- name: record_changes
-- writes audit entries and outbox rows of one tenant in one statement
WITH audited AS (
    INSERT INTO audit_log (tenant_id, at, actor, action, subject, details, correlation_id)
    SELECT $1, $2, $3, entry.action, entry.subject, entry.details::jsonb, $4
    FROM unnest($5::text[], $6::text[], $7::text[]) WITH ORDINALITY
        AS entry (action, subject, details, position)
    ORDER BY entry.position
)
INSERT INTO outbox (tenant_id, topic, event_id, type, subject, occurred_at, data, version,
                    correlation_id, traceparent)
SELECT $1, row.topic, row.event_id, row.type, row.subject, $2, row.data, row.version, $4, $8
FROM unnest($9::text[], $10::uuid[], $11::text[], $12::text[], $13::bytea[], $14::bigint[])
    WITH ORDINALITY AS row (topic, event_id, type, subject, data, version, position)
ORDER BY row.position

-- name: page_audit_log
-- returns audit records older than an id, newest first
SELECT id, at, actor, action, subject, details, correlation_id
FROM audit_log
WHERE tenant_id = $1 AND id < $2
ORDER BY id DESC LIMIT $3
