-- name: keep_partitions
-- Makes the days and months that come, and drops those of every tenant_id of which all is over.
SELECT partition, what FROM keep_partitions(:log_days);
