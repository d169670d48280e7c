-- name: insert_user
-- Stores a user, its event and its log row; no row comes back when the user name is taken.
WITH stored AS (
    INSERT INTO users (
        tenant_id, id, user_name, user_name_key, external_id, display_name_key, work_email_key,
        email_keys, manager, active, soft_deleted, origin, version, created_at, updated_at, document
    )
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'scim', $12, $14, $14, $13)
    ON CONFLICT (tenant_id, user_name_key) DO NOTHING
    RETURNING id
), event AS (
    INSERT INTO outbox (
        tenant_id, topic, event_id, type, subject, occurred_at, data, correlation_id, traceparent
    )
    SELECT $1, $15, $16, $17, $2::uuid::text, $14, $18, $19, $20 FROM stored
), entry AS (
    INSERT INTO provisioning_log (
        tenant_id, id, occurred_at, operation, resource_type, resource_id, resource_name,
        status, dropped, correlation_id
    )
    SELECT $1, $21, $22, $23, 'User', $2::uuid::text, $3, $24, $25, $26 FROM stored
)
SELECT id FROM stored;

-- name: replace_user
-- Stores a user's next version, its event and its log row, if it is still at the version read.
WITH stored AS (
    UPDATE users
    SET user_name = $3, user_name_key = $4, external_id = $5, display_name_key = $6,
        work_email_key = $7, email_keys = $8, manager = $9, active = $10, soft_deleted = $11,
        origin = 'scim', version = $12, updated_at = $14, document = $13
    WHERE tenant_id = $1 AND id = $2 AND version = $27
    RETURNING id
), event AS (
    INSERT INTO outbox (
        tenant_id, topic, event_id, type, subject, occurred_at, data, correlation_id, traceparent
    )
    SELECT $1, $15, $16, $17, $2::uuid::text, $14, $18, $19, $20 FROM stored
), entry AS (
    INSERT INTO provisioning_log (
        tenant_id, id, occurred_at, operation, resource_type, resource_id, resource_name,
        status, dropped, correlation_id
    )
    SELECT $1, $21, $22, $23, 'User', $2::uuid::text, $3, $24, $25, $26 FROM stored
)
SELECT id FROM stored;

-- name: delete_user
-- Removes a user with its memberships, and stores the event and the log row.
WITH gone AS (
    DELETE FROM users WHERE tenant_id = $1 AND id = $2 RETURNING user_name
), event AS (
    INSERT INTO outbox (
        tenant_id, topic, event_id, type, subject, occurred_at, data, correlation_id, traceparent
    )
    SELECT
        $1, $3, $4, $5, $2::uuid::text, $6,
        convert_to(
            json_build_object('user_id', $2::uuid, 'user_name', gone.user_name)::text, 'UTF8'
        ),
        $7, $8
    FROM gone
), entry AS (
    INSERT INTO provisioning_log (
        tenant_id, id, occurred_at, operation, resource_type, resource_id, resource_name,
        status, correlation_id
    )
    SELECT $1, $9, $10, $11, 'User', $2::uuid::text, gone.user_name, $12, $13 FROM gone
)
SELECT user_name FROM gone;

-- name: get_user
-- One user as it is answered.
SELECT id, version, created_at, updated_at, document FROM users WHERE tenant_id = $1 AND id = $2;

-- name: load_user
-- One user to be changed.
SELECT version, active, soft_deleted, origin, created_at, updated_at, document
FROM users
WHERE tenant_id = $1 AND id = $2;

-- name: find_user_by_user_name
-- The user of that name, with what the other clauses of a filter may ask about.
SELECT
    id, version, created_at, updated_at, document,
    user_name_key, external_id, display_name_key, work_email_key, email_keys, manager, active
FROM users
WHERE tenant_id = $1 AND user_name_key = $2;

-- name: find_user_by_id
-- The user of that id, with what the other clauses of a filter may ask about.
SELECT
    id, version, created_at, updated_at, document,
    user_name_key, external_id, display_name_key, work_email_key, email_keys, manager, active
FROM users
WHERE tenant_id = $1 AND id = $2;

-- name: list_users
-- A page of all users: the keys of the page first, then their documents.
WITH total AS (
    SELECT count(*) AS total FROM users WHERE tenant_id = $1
), page AS (
    SELECT id FROM users WHERE tenant_id = $1 ORDER BY id OFFSET $2 LIMIT $3
)
SELECT total.total, found.id, found.version, found.created_at, found.updated_at, found.document
FROM total
LEFT JOIN page ON true
LEFT JOIN LATERAL (
    SELECT * FROM users WHERE users.tenant_id = $1 AND users.id = page.id OFFSET 0
) AS found ON true
ORDER BY found.id;

-- name: list_users_by_external_id
-- A page of the users with an external id, which nothing makes unique.
WITH total AS (
    SELECT count(*) AS total FROM users WHERE tenant_id = $1 AND external_id = $4
), page AS (
    SELECT id FROM users WHERE tenant_id = $1 AND external_id = $4 ORDER BY id OFFSET $2 LIMIT $3
)
SELECT total.total, found.id, found.version, found.created_at, found.updated_at, found.document
FROM total
LEFT JOIN page ON true
LEFT JOIN LATERAL (
    SELECT * FROM users WHERE users.tenant_id = $1 AND users.id = page.id OFFSET 0
) AS found ON true
ORDER BY found.id;

-- name: list_users_by_work_email
-- A page of the users with a work address, which nothing makes unique.
WITH total AS (
    SELECT count(*) AS total FROM users WHERE tenant_id = $1 AND work_email_key = $4
), page AS (
    SELECT id FROM users
    WHERE tenant_id = $1 AND work_email_key = $4 ORDER BY id OFFSET $2 LIMIT $3
)
SELECT total.total, found.id, found.version, found.created_at, found.updated_at, found.document
FROM total
LEFT JOIN page ON true
LEFT JOIN LATERAL (
    SELECT * FROM users WHERE users.tenant_id = $1 AND users.id = page.id OFFSET 0
) AS found ON true
ORDER BY found.id;

-- name: search_users
-- A page of the users that fit every clause given; null stands for a clause that was not.
-- Without an index: every document of the tenant_id is read for the attribute at a JSON path.
WITH fitting AS MATERIALIZED (
    SELECT id
    FROM users
    WHERE tenant_id = $1
      AND ($4::text IS NULL OR external_id = $4)
      AND ($5::text IS NULL OR display_name_key = $5)
      AND ($6::text IS NULL OR work_email_key = $6)
      AND ($7::text[] IS NULL OR email_keys @> $7)
      AND ($8::text IS NULL OR manager = $8)
      AND ($9::boolean IS NULL OR active = $9)
      AND ($10::text IS NULL OR EXISTS (
          SELECT
          FROM jsonb_path_query(
              convert_from(document, 'UTF8')::jsonb, $10::text::jsonpath, $11::text::jsonb
          ) AS found (value)
          WHERE $12::text IN (found.value #>> '{}', CASE WHEN NOT $13::boolean THEN
              lower(normalize(found.value #>> '{}')) END)
      ))
), total AS (
    SELECT count(*) AS total FROM fitting
), page AS (
    SELECT id FROM fitting ORDER BY id OFFSET $2 LIMIT $3
)
SELECT total.total, found.id, found.version, found.created_at, found.updated_at, found.document
FROM total
LEFT JOIN page ON true
LEFT JOIN LATERAL (
    SELECT * FROM users WHERE users.tenant_id = $1 AND users.id = page.id OFFSET 0
) AS found ON true
ORDER BY found.id;
