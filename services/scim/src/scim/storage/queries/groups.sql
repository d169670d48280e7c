-- name: insert_group
-- Stores a group with its members, their events and the log row; nothing with unknown members.
WITH unknown AS (
    SELECT wanted.id
    FROM unnest($8::uuid[]) AS wanted (id)
    -- One index probe for each, whatever the statistics say: not to be turned into a join.
    WHERE (
        SELECT users.id FROM users WHERE users.tenant_id = $1 AND users.id = wanted.id
    ) IS NULL
), stored AS (
    INSERT INTO groups (
        tenant_id, id, display_name, display_name_key, external_id, version, created_at, updated_at
    )
    SELECT $1, $2, $3, $4, $5, $6, $7, $7 WHERE NOT EXISTS (SELECT FROM unknown)
    ON CONFLICT (tenant_id, display_name_key) DO NOTHING
    RETURNING id
), joined AS (
    INSERT INTO group_members (tenant_id, group_id, user_id)
    SELECT $1, stored.id, wanted.id FROM stored, unnest($8::uuid[]) AS wanted (id)
    RETURNING user_id
), chunks AS (
    SELECT numbered.chunk, json_agg(numbered.user_id) AS added
    FROM (
        SELECT user_id, (row_number() OVER (ORDER BY user_id) - 1) / $19::int + 1 AS chunk
        FROM joined
    ) AS numbered
    GROUP BY numbered.chunk
), event AS (
    INSERT INTO outbox (
        tenant_id, topic, event_id, type, subject, occurred_at, data, correlation_id, traceparent
    )
    SELECT $1, $9, happened.id, happened.type, $2::uuid::text, $7, happened.data, $10, $11
    FROM (
        SELECT 0 AS position, $12::uuid AS id, $13::text AS type, $14::bytea AS data FROM stored
        UNION ALL
        SELECT
            chunk, ($15::uuid[])[chunk], $16::text,
            convert_to(
                json_build_object('group_id', $2::uuid, 'added', added, 'removed', '[]'::json)::text,
                'UTF8'
            )
        FROM chunks
    ) AS happened
    ORDER BY happened.position
), entry AS (
    INSERT INTO provisioning_log (
        tenant_id, id, occurred_at, operation, resource_type, resource_id, resource_name,
        status, dropped, correlation_id
    )
    SELECT $1, $17, $18, $20, 'Group', $2::uuid::text, $3, $21, $22, $10 FROM stored
)
SELECT
    EXISTS (SELECT FROM stored) AS stored,
    (SELECT count(*) FROM unknown) AS unknown_total,
    ARRAY(SELECT id FROM unknown ORDER BY id LIMIT 10) AS unknown_ids;

-- name: lock_group
-- Makes other changes of the group wait, and reads it.
SELECT groups.version, groups.display_name, groups.external_id, groups.created_at
FROM groups
WHERE groups.tenant_id = $1 AND groups.id = $2
FOR NO KEY UPDATE;

-- name: change_group
-- Changes names and members, and stores events of what really changed and the log row.
-- Nothing happens when there are unknown members. A change of members alone takes the group's row
-- only when it is free, and at most once a second, so that many at once do not queue up behind it.
-- How many members leave when all are to go nobody knows before, for additions take no lock: events
-- beyond the ids given get theirs here.
WITH present AS (
    SELECT id, display_name FROM groups WHERE tenant_id = $1 AND id = $2
), free AS (
    SELECT id
    FROM groups
    WHERE tenant_id = $1 AND id = $2 AND ($9::boolean OR updated_at < $11::timestamptz - interval '1 second')
    FOR NO KEY UPDATE SKIP LOCKED
), unknown AS (
    SELECT wanted.id
    FROM unnest($3::uuid[]) AS wanted (id)
    -- One index probe for each, whatever the statistics say: not to be turned into a join.
    WHERE (
        SELECT users.id FROM users WHERE users.tenant_id = $1 AND users.id = wanted.id
    ) IS NULL
), allowed AS (
    SELECT present.id FROM present WHERE NOT EXISTS (SELECT FROM unknown)
), added AS (
    INSERT INTO group_members (tenant_id, group_id, user_id)
    SELECT $1, allowed.id, wanted.id FROM allowed, unnest($3::uuid[]) AS wanted (id)
    ON CONFLICT DO NOTHING
    RETURNING user_id
), removed AS (
    DELETE FROM group_members
    WHERE tenant_id = $1
      AND group_id = $2
      AND user_id = ANY ($4::uuid[])
      AND EXISTS (SELECT FROM allowed)
    RETURNING user_id
), cleared AS (
    DELETE FROM group_members
    USING allowed
    WHERE $5::boolean
      AND group_members.tenant_id = $1
      AND group_members.group_id = allowed.id
      AND NOT EXISTS (
          SELECT FROM unnest($3::uuid[]) AS wanted (id) WHERE wanted.id = group_members.user_id
      )
    RETURNING group_members.user_id
), moved AS (
    SELECT user_id, true AS joined FROM added
    UNION ALL
    SELECT user_id, false FROM removed
    UNION ALL
    SELECT user_id, false FROM cleared
), chunks AS (
    SELECT
        numbered.chunk,
        coalesce(json_agg(numbered.user_id) FILTER (WHERE numbered.joined), '[]') AS added,
        coalesce(json_agg(numbered.user_id) FILTER (WHERE NOT numbered.joined), '[]') AS removed
    FROM (
        SELECT user_id, joined, (row_number() OVER (ORDER BY joined, user_id) - 1) / $6::int + 1 AS chunk
        FROM moved
    ) AS numbered
    GROUP BY numbered.chunk
), stored AS (
    UPDATE groups
    SET display_name = coalesce($7::text, groups.display_name),
        display_name_key = coalesce($8::text, groups.display_name_key),
        external_id = CASE WHEN $9::boolean THEN $10::text ELSE groups.external_id END,
        version = groups.version + 1,
        updated_at = $11::timestamptz
    FROM allowed
    JOIN free ON free.id = allowed.id
    WHERE groups.tenant_id = $1
      AND groups.id = allowed.id
      AND ($9::boolean OR EXISTS (SELECT FROM moved))
    RETURNING groups.version
), event AS (
    INSERT INTO outbox (
        tenant_id, topic, event_id, type, subject, occurred_at, data, correlation_id, traceparent
    )
    SELECT $1, $12, happened.id, happened.type, $2::uuid::text, $11, happened.data, $13, $14
    FROM (
        SELECT 0 AS position, $15::uuid AS id, $16::text AS type, $17::bytea AS data
        FROM stored
        WHERE $17::bytea IS NOT NULL
        UNION ALL
        SELECT
            chunk, coalesce(($18::uuid[])[chunk], gen_random_uuid()), $19::text,
            convert_to(
                json_build_object('group_id', $2::uuid, 'added', added, 'removed', removed)::text,
                'UTF8'
            )
        FROM chunks
    ) AS happened
    ORDER BY happened.position
), entry AS (
    INSERT INTO provisioning_log (
        tenant_id, id, occurred_at, operation, resource_type, resource_id, resource_name,
        status, dropped, correlation_id
    )
    SELECT
        $1, $20, $21, $22, 'Group', $2::uuid::text, coalesce($7::text, present.display_name),
        $23, $24, $13
    FROM allowed
    JOIN present ON present.id = allowed.id
)
SELECT
    EXISTS (SELECT FROM present) AS found,
    (SELECT count(*) FROM unknown) AS unknown_total,
    ARRAY(SELECT id FROM unknown ORDER BY id LIMIT 10) AS unknown_ids;

-- name: delete_group
-- Removes a group with its memberships, and stores the event and the log row.
WITH gone AS (
    DELETE FROM groups WHERE tenant_id = $1 AND id = $2 RETURNING display_name
), event AS (
    INSERT INTO outbox (
        tenant_id, topic, event_id, type, subject, occurred_at, data, correlation_id, traceparent
    )
    SELECT
        $1, $3, $4, $5, $2::uuid::text, $6,
        convert_to(
            json_build_object('group_id', $2::uuid, 'display_name', gone.display_name)::text, 'UTF8'
        ),
        $7, $8
    FROM gone
), entry AS (
    INSERT INTO provisioning_log (
        tenant_id, id, occurred_at, operation, resource_type, resource_id, resource_name,
        status, correlation_id
    )
    SELECT $1, $9, $10, $11, 'Group', $2::uuid::text, gone.display_name, $12, $13 FROM gone
)
SELECT display_name FROM gone;

-- name: get_group
-- One group; its members only when they are asked for.
SELECT
    id, version, display_name, external_id, created_at, updated_at,
    CASE WHEN $3::boolean THEN ARRAY(
        SELECT user_id FROM group_members
        WHERE group_members.tenant_id = $1 AND group_members.group_id = $2
        ORDER BY user_id
    ) END AS members
FROM groups
WHERE tenant_id = $1 AND id = $2;

-- name: search_groups
-- A page of the groups that fit every clause given; null stands for a clause that was not.
WITH fitting AS MATERIALIZED (
    SELECT id
    FROM groups
    WHERE tenant_id = $1
      AND ($5::uuid IS NULL OR id = $5)
      AND ($6::text IS NULL OR display_name_key = $6)
      AND ($7::text IS NULL OR external_id = $7)
      AND NOT EXISTS (
          SELECT FROM unnest($8::uuid[]) AS wanted (id)
          WHERE NOT EXISTS (
              SELECT FROM group_members
              WHERE group_members.tenant_id = $1
                AND group_members.group_id = groups.id
                AND group_members.user_id = wanted.id
          )
      )
), total AS (
    SELECT count(*) AS total FROM fitting
), page AS (
    SELECT id FROM fitting ORDER BY id OFFSET $2 LIMIT $3
)
SELECT
    total.total, found.id, found.version, found.display_name, found.external_id,
    found.created_at, found.updated_at,
    CASE WHEN $4::boolean THEN ARRAY(
        SELECT user_id FROM group_members
        WHERE group_members.tenant_id = $1 AND group_members.group_id = found.id
        ORDER BY user_id
    ) END AS members
FROM total
LEFT JOIN page ON true
LEFT JOIN LATERAL (
    SELECT * FROM groups WHERE groups.tenant_id = $1 AND groups.id = page.id OFFSET 0
) AS found ON true
ORDER BY found.id;

-- name: find_group_by_display_name
-- The group of that name, and whether it has a member.
SELECT
    id, version, display_name, external_id, created_at, updated_at,
    CASE WHEN $3::boolean THEN ARRAY(
        SELECT user_id FROM group_members
        WHERE group_members.tenant_id = $1 AND group_members.group_id = groups.id
        ORDER BY user_id
    ) END AS members
FROM groups
WHERE tenant_id = $1 AND display_name_key = $2;
