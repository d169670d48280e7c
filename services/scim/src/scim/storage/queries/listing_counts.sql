-- name: list_uneven_counts
-- The tenants whose counts lie in many rows, or have ranges that are too large or empty.
-- cross-tenant: the background work of all tenants.
SELECT tenant_id, kind
FROM (
    SELECT tenant_id, kind, count(*) AS pieces, sum(amount) AS amount
    FROM listing_counts
    GROUP BY tenant_id, kind, first_id
) AS ranges
GROUP BY tenant_id, kind
HAVING sum(pieces) > count(*) + :most_pieces::int
    OR max(amount) > 2 * :size::int
    OR (min(amount) = 0 AND count(*) > 1);

-- name: lock_counts
-- Takes a tenant's counts for this transaction alone, or not at all: waiting here could end in a
-- deadlock of those who wait behind.
SELECT pg_try_advisory_xact_lock(
    hashtext('listing_counts'), uuid_hash(:tenant_id::uuid)
) AS locked;

-- name: even_out_counts
-- Folds what connections counted, drops empty ranges, and divides large ones by what is there.
WITH gone AS (
    DELETE FROM listing_counts
    WHERE tenant_id = :tenant_id AND kind = :kind
    RETURNING first_id, amount
), ranges AS (
    SELECT
        first_id, sum(amount) AS amount, lead(first_id) OVER (ORDER BY first_id) AS next_id
    FROM gone
    GROUP BY first_id
), divided AS (
    SELECT ranges.first_id, ranges.amount
    FROM ranges
    WHERE ranges.amount BETWEEN 1 AND 2 * :size::int
    UNION ALL
    SELECT piece.id, least(:size::int, piece.total - piece.place + 1)
    FROM ranges
    CROSS JOIN LATERAL (
        SELECT
            listed.id, row_number() OVER (ORDER BY listed.id) AS place, count(*) OVER () AS total
        FROM (
            SELECT users.id FROM users WHERE users.tenant_id = :tenant_id AND :kind::text = 'users'
            UNION ALL
            SELECT groups.id
            FROM groups
            WHERE groups.tenant_id = :tenant_id AND :kind::text = 'groups'
        ) AS listed
        WHERE listed.id >= ranges.first_id
          AND (ranges.next_id IS NULL OR listed.id < ranges.next_id)
    ) AS piece
    WHERE ranges.amount NOT BETWEEN 0 AND 2 * :size::int AND (piece.place - 1) % :size::int = 0
)
INSERT INTO listing_counts (tenant_id, kind, first_id, backend, amount)
SELECT :tenant_id, :kind, divided.first_id, 0, divided.amount FROM divided;
