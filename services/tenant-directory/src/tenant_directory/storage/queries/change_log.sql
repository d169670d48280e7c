-- name: record_changes
-- writes audit entries and outbox rows, each of its tenant_id, in one statement
WITH audited AS (
    INSERT INTO audit_log (tenant_id, at, actor, action, subject, details, correlation_id)
    SELECT entry.tenant_id, entry.at, entry.actor, entry.action, entry.subject,
           entry.details::jsonb, entry.correlation_id
    FROM unnest(:tenant_ids::uuid[], :times::timestamptz[], :actors::text[], :actions::text[],
                :subjects::text[], :details::text[], :correlation_ids::text[])
        WITH ORDINALITY
        AS entry (tenant_id, at, actor, action, subject, details, correlation_id, position)
    ORDER BY entry.position
)
INSERT INTO outbox (tenant_id, topic, event_id, type, subject, occurred_at, data, version,
                    correlation_id, traceparent)
SELECT row.tenant_id, row.topic, row.event_id, row.type, row.subject, row.occurred_at, row.data,
       row.version, row.correlation_id, row.traceparent
FROM unnest(:event_tenant_ids::uuid[], :topics::text[], :event_ids::uuid[], :types::text[],
            :event_subjects::text[], :occurred_at::timestamptz[], :data::bytea[],
            :versions::bigint[], :event_correlation_ids::text[], :traceparents::text[])
    WITH ORDINALITY
    AS row (tenant_id, topic, event_id, type, subject, occurred_at, data, version,
            correlation_id, traceparent, position)
ORDER BY row.position

-- name: page_audit_log_from
-- returns audit records of a tenant_id after an id and within a time, oldest first
SELECT id, at, actor, action, subject, details, correlation_id
FROM audit_log
WHERE tenant_id = :tenant_id AND id > :after AND at >= :since AND at < :until
ORDER BY id LIMIT :limit;

-- name: page_audit_log
-- returns audit records older than an id, newest first
SELECT id, at, actor, action, subject, details, correlation_id
FROM audit_log
WHERE tenant_id = :tenant_id AND id < :before
ORDER BY id DESC LIMIT :limit
