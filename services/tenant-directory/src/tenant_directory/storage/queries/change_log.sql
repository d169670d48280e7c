-- name: record_changes
-- writes audit entries and outbox rows of one tenant in one statement
WITH audited AS (
    INSERT INTO audit_log (tenant_id, at, actor, action, subject, details, correlation_id)
    SELECT :tenant_id, :now, :actor, entry.action, entry.subject, entry.details::jsonb,
           :correlation_id
    FROM unnest(:actions::text[], :subjects::text[], :details::text[]) WITH ORDINALITY
        AS entry (action, subject, details, position)
    ORDER BY entry.position
)
INSERT INTO outbox (tenant_id, topic, event_id, type, subject, occurred_at, data, version,
                    correlation_id, traceparent)
SELECT :tenant_id, row.topic, row.event_id, row.type, row.subject, :now, row.data, row.version,
       :correlation_id, :traceparent
FROM unnest(:topics::text[], :event_ids::uuid[], :types::text[], :event_subjects::text[],
            :data::bytea[], :versions::bigint[])
    WITH ORDINALITY AS row (topic, event_id, type, subject, data, version, position)
ORDER BY row.position

-- name: page_audit_log
-- returns audit records older than an id, newest first
SELECT id, at, actor, action, subject, details, correlation_id
FROM audit_log
WHERE tenant_id = :tenant_id AND id < :before
ORDER BY id DESC LIMIT :limit
