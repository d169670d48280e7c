-- name: keep_audit_log
-- Makes the months of the audit log that come, and drops those of every tenant_id that are too old.
SELECT partition, what FROM keep_audit_log(:days)
