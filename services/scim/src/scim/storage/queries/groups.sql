-- name: insert_group
-- Stores a group with its members, their events and the log row; nothing with unknown members.
WITH unknown AS (
    SELECT wanted.id
    FROM unnest(:members::uuid[]) AS wanted (id)
    -- One index probe for each, whatever the statistics say: not to be turned into a join.
    WHERE (
        SELECT users.id FROM users WHERE users.tenant_id = :tenant_id AND users.id = wanted.id
    ) IS NULL
), stored AS (
    INSERT INTO groups (
        tenant_id, id, display_name, display_name_key, external_id, version, created_at, updated_at
    )
    SELECT
        :tenant_id, :group_id, :display_name, :display_name_key, :external_id, :version, :now, :now
    WHERE NOT EXISTS (SELECT FROM unknown)
    ON CONFLICT (tenant_id, display_name_key) DO NOTHING
    RETURNING id
), joined AS (
    INSERT INTO group_members (tenant_id, group_id, user_id)
    SELECT :tenant_id, stored.id, wanted.id FROM stored, unnest(:members::uuid[]) AS wanted (id)
    RETURNING user_id
), chunks AS (
    SELECT numbered.chunk, json_agg(numbered.user_id) AS added
    FROM (
        SELECT
            user_id,
            (row_number() OVER (ORDER BY user_id) - 1) / :members_per_event::int + 1 AS chunk
        FROM joined
    ) AS numbered
    GROUP BY numbered.chunk
), event AS (
    INSERT INTO outbox (
        tenant_id, topic, event_id, type, subject, occurred_at, data, correlation_id, traceparent
    )
    SELECT
        :tenant_id, :topic, happened.id, happened.type, :group_id::uuid::text, :now, happened.data,
        :correlation_id, :traceparent
    FROM (
        SELECT
            0 AS position, :event_id::uuid AS id, :event_type::text AS type,
            :event_data::bytea AS data
        FROM stored
        UNION ALL
        SELECT
            chunk, (:members_event_ids::uuid[])[chunk], :members_event_type::text,
            convert_to(
                json_build_object(
                    'group_id', :group_id::uuid, 'added', added, 'removed', '[]'::json
                )::text,
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
        :tenant_id, :entry_id, :occurred_at, :operation, 'Group', :group_id::uuid::text,
        :display_name, :status, :dropped, :correlation_id
    FROM stored
)
SELECT
    EXISTS (SELECT FROM stored) AS stored,
    (SELECT count(*) FROM unknown) AS unknown_total,
    ARRAY(SELECT id FROM unknown ORDER BY id LIMIT 10) AS unknown_ids;

-- name: lock_group
-- Makes other changes of the group wait, and reads it.
SELECT groups.version, groups.display_name, groups.external_id, groups.created_at
FROM groups
WHERE groups.tenant_id = :tenant_id AND groups.id = :group_id
FOR NO KEY UPDATE;

-- name: change_group
-- Changes names and members, and stores events of what really changed and the log row.
-- Nothing happens when there are unknown members. A change of members alone takes the group's row
-- only when it is free, and at most once a second, so that many at once do not queue up behind it.
-- How many members leave when all are to go nobody knows before, for additions take no lock: events
-- beyond the ids given get theirs here.
WITH present AS (
    SELECT id, display_name FROM groups WHERE tenant_id = :tenant_id AND id = :group_id
), free AS (
    SELECT id
    FROM groups
    WHERE tenant_id = :tenant_id
      AND id = :group_id
      AND (:changes_group::boolean OR updated_at < :now::timestamptz - interval '1 second')
    FOR NO KEY UPDATE SKIP LOCKED
), unknown AS (
    SELECT wanted.id
    FROM unnest(:add::uuid[]) AS wanted (id)
    -- One index probe for each, whatever the statistics say: not to be turned into a join.
    WHERE (
        SELECT users.id FROM users WHERE users.tenant_id = :tenant_id AND users.id = wanted.id
    ) IS NULL
), allowed AS (
    SELECT present.id FROM present WHERE NOT EXISTS (SELECT FROM unknown)
), added AS (
    INSERT INTO group_members (tenant_id, group_id, user_id)
    SELECT :tenant_id, allowed.id, wanted.id FROM allowed, unnest(:add::uuid[]) AS wanted (id)
    ON CONFLICT DO NOTHING
    RETURNING user_id
), removed AS (
    DELETE FROM group_members
    WHERE tenant_id = :tenant_id
      AND group_id = :group_id
      AND user_id = ANY (:remove::uuid[])
      AND EXISTS (SELECT FROM allowed)
    RETURNING user_id
), cleared AS (
    DELETE FROM group_members
    USING allowed
    WHERE :clear_members::boolean
      AND group_members.tenant_id = :tenant_id
      AND group_members.group_id = allowed.id
      AND NOT EXISTS (
          SELECT FROM unnest(:add::uuid[]) AS wanted (id) WHERE wanted.id = group_members.user_id
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
        SELECT
            user_id, joined,
            (row_number() OVER (ORDER BY joined, user_id) - 1) / :members_per_event::int + 1 AS chunk
        FROM moved
    ) AS numbered
    GROUP BY numbered.chunk
), stored AS (
    UPDATE groups
    SET display_name = coalesce(:display_name::text, groups.display_name),
        display_name_key = coalesce(:display_name_key::text, groups.display_name_key),
        external_id = CASE
            WHEN :changes_group::boolean THEN :external_id::text ELSE groups.external_id
        END,
        version = groups.version + 1,
        updated_at = :now::timestamptz
    FROM allowed
    JOIN free ON free.id = allowed.id
    WHERE groups.tenant_id = :tenant_id
      AND groups.id = allowed.id
      AND (:changes_group::boolean OR EXISTS (SELECT FROM moved))
    RETURNING groups.version
), event AS (
    INSERT INTO outbox (
        tenant_id, topic, event_id, type, subject, occurred_at, data, correlation_id, traceparent
    )
    SELECT
        :tenant_id, :topic, happened.id, happened.type, :group_id::uuid::text, :now, happened.data,
        :correlation_id, :traceparent
    FROM (
        SELECT
            0 AS position, :event_id::uuid AS id, :event_type::text AS type,
            :event_data::bytea AS data
        FROM stored
        WHERE :event_data::bytea IS NOT NULL
        UNION ALL
        SELECT
            chunk, coalesce((:members_event_ids::uuid[])[chunk], gen_random_uuid()),
            :members_event_type::text,
            convert_to(
                json_build_object(
                    'group_id', :group_id::uuid, 'added', added, 'removed', removed
                )::text,
                'UTF8'
            )
        FROM chunks
    ) AS happened
    ORDER BY happened.position
), entry AS (
    INSERT INTO provisioning_log (
        tenant_id, id, occurred_at, operation, resource_type, resource_id, resource_name,
        status, detail, dropped, correlation_id
    )
    SELECT
        :tenant_id, :entry_id, :occurred_at, :operation, 'Group', :group_id::uuid::text,
        coalesce(:display_name::text, present.display_name), :status,
        CASE WHEN EXISTS (SELECT FROM cleared) THEN
            'Members who left, because the request did not name them: '
            || (SELECT count(*) FROM cleared) || '.'
        END,
        :dropped, :correlation_id
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
    DELETE FROM groups WHERE tenant_id = :tenant_id AND id = :group_id RETURNING display_name
), event AS (
    INSERT INTO outbox (
        tenant_id, topic, event_id, type, subject, occurred_at, data, correlation_id, traceparent
    )
    SELECT
        :tenant_id, :topic, :event_id, :event_type, :group_id::uuid::text, :now,
        convert_to(
            json_build_object(
                'group_id', :group_id::uuid, 'display_name', gone.display_name
            )::text,
            'UTF8'
        ),
        :correlation_id, :traceparent
    FROM gone
), entry AS (
    INSERT INTO provisioning_log (
        tenant_id, id, occurred_at, operation, resource_type, resource_id, resource_name,
        status, dropped, correlation_id
    )
    SELECT
        :tenant_id, :entry_id, :occurred_at, :operation, 'Group', :group_id::uuid::text,
        gone.display_name, :status, :dropped, :correlation_id
    FROM gone
)
SELECT display_name FROM gone;

-- name: get_group
-- One group; its first members only when they are asked for.
SELECT
    id, version, display_name, external_id, created_at, updated_at,
    CASE WHEN :with_members::boolean THEN ARRAY(
        SELECT user_id FROM group_members
        WHERE group_members.tenant_id = :tenant_id AND group_members.group_id = :group_id
        ORDER BY user_id
        LIMIT :most_members
    ) END AS members
FROM groups
WHERE tenant_id = :tenant_id AND id = :group_id;

-- name: list_groups
-- A page of all groups: the keys of the page first.
-- The total is kept in ranges of ids, and so is where the page begins: no more is skipped than the
-- rest of a range.
WITH ranges AS (
    SELECT first_id, sum(amount) AS amount
    FROM listing_counts
    WHERE tenant_id = :tenant_id AND kind = 'groups'
    GROUP BY first_id
), placed AS (
    SELECT first_id, (sum(amount) OVER (ORDER BY first_id) - amount)::bigint AS before FROM ranges
), total AS (
    SELECT coalesce(sum(amount), 0)::bigint AS total FROM ranges
), start AS (
    SELECT placed.first_id, placed.before
    FROM placed
    WHERE placed.before <= :offset::bigint
    ORDER BY placed.first_id DESC
    LIMIT 1
), page AS (
    SELECT id
    FROM groups
    WHERE tenant_id = :tenant_id AND id >= (SELECT first_id FROM start)
    ORDER BY id
    OFFSET :offset::bigint - (SELECT before FROM start)
    LIMIT :limit
)
SELECT
    total.total, found.id, found.version, found.display_name, found.external_id,
    found.created_at, found.updated_at,
    CASE WHEN :with_members::boolean THEN ARRAY(
        SELECT user_id FROM group_members
        WHERE group_members.tenant_id = :tenant_id AND group_members.group_id = found.id
        ORDER BY user_id
        LIMIT :most_members
    ) END AS members
FROM total
LEFT JOIN page ON true
LEFT JOIN LATERAL (
    SELECT * FROM groups WHERE groups.tenant_id = :tenant_id AND groups.id = page.id OFFSET 0
) AS found ON true
ORDER BY found.id;

-- name: search_groups
-- A page of the groups that fit every clause given; null stands for a clause that was not.
WITH fitting AS MATERIALIZED (
    SELECT id
    FROM groups
    WHERE tenant_id = :tenant_id
      AND (:group_id::uuid IS NULL OR id = :group_id)
      AND (:display_name_key::text IS NULL OR display_name_key = :display_name_key)
      AND (:external_id::text IS NULL OR external_id = :external_id)
      AND NOT EXISTS (
          SELECT FROM unnest(:members::uuid[]) AS wanted (id)
          WHERE NOT EXISTS (
              SELECT FROM group_members
              WHERE group_members.tenant_id = :tenant_id
                AND group_members.group_id = groups.id
                AND group_members.user_id = wanted.id
          )
      )
), total AS (
    SELECT count(*) AS total FROM fitting
), page AS (
    SELECT id FROM fitting ORDER BY id OFFSET :offset LIMIT :limit
)
SELECT
    total.total, found.id, found.version, found.display_name, found.external_id,
    found.created_at, found.updated_at,
    CASE WHEN :with_members::boolean THEN ARRAY(
        SELECT user_id FROM group_members
        WHERE group_members.tenant_id = :tenant_id AND group_members.group_id = found.id
        ORDER BY user_id
        LIMIT :most_members
    ) END AS members
FROM total
LEFT JOIN page ON true
LEFT JOIN LATERAL (
    SELECT * FROM groups WHERE groups.tenant_id = :tenant_id AND groups.id = page.id OFFSET 0
) AS found ON true
ORDER BY found.id;

-- name: find_group_by_display_name
-- The group of that name.
SELECT
    id, version, display_name, external_id, created_at, updated_at,
    CASE WHEN :with_members::boolean THEN ARRAY(
        SELECT user_id FROM group_members
        WHERE group_members.tenant_id = :tenant_id AND group_members.group_id = groups.id
        ORDER BY user_id
        LIMIT :most_members
    ) END AS members
FROM groups
WHERE tenant_id = :tenant_id AND display_name_key = :display_name_key;

-- name: members_after
-- The members of a group after one, a page of them.
SELECT user_id
FROM group_members
WHERE tenant_id = :tenant_id AND group_id = :group_id AND user_id > :after
ORDER BY user_id
LIMIT :limit;
