-- name: measure_outbox
-- How many events wait for the broker (counted up to 100,000), and for how long the oldest has.
SELECT
    (SELECT count(*) FROM (SELECT 1 FROM outbox WHERE sent_at IS NULL LIMIT 100000) AS waiting)
        AS pending,
    COALESCE(
        (
            SELECT EXTRACT(EPOCH FROM now() - min(oldest.occurred_at))
            FROM (
                SELECT occurred_at FROM outbox WHERE sent_at IS NULL ORDER BY bucket, id LIMIT 100000
            ) AS oldest
        ),
        0
    )::float8 AS lag_seconds;
