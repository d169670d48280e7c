-- name: insert_user
-- Stores a user, its event and its log row; no row comes back when the user name is taken.
WITH stored AS (
    INSERT INTO users (
        tenant_id, id, user_name, user_name_key, external_id, display_name_key, work_email_key,
        email_keys, manager, active, soft_deleted, origin, version, created_at, updated_at, document
    )
    VALUES (
        :tenant_id, :user_id, :user_name, :user_name_key, :external_id, :display_name_key,
        :work_email_key, :email_keys, :manager, :active, :soft_deleted, 'scim', :version, :now,
        :now, :document
    )
    ON CONFLICT (tenant_id, user_name_key) DO NOTHING
    RETURNING id
), event AS (
    INSERT INTO outbox (
        tenant_id, topic, event_id, type, subject, occurred_at, data, correlation_id, traceparent
    )
    SELECT
        :tenant_id, :topic, :event_id, :event_type, :user_id::uuid::text, :now, :event_data,
        :correlation_id, :traceparent
    FROM stored
), entry AS (
    INSERT INTO provisioning_log (
        tenant_id, id, occurred_at, operation, resource_type, resource_id, resource_name,
        status, dropped, correlation_id
    )
    SELECT
        :tenant_id, :entry_id, :occurred_at, :operation, 'User', :user_id::uuid::text, :user_name,
        :status, :dropped, :correlation_id
    FROM stored
)
SELECT id FROM stored;

-- name: replace_user
-- Stores a user's next version, its event and its log row, if it is still as it was when it was read.
-- The moment tells two versions of one number apart, as there are after a restore.
WITH stored AS (
    UPDATE users
    SET user_name = :user_name, user_name_key = :user_name_key, external_id = :external_id,
        display_name_key = :display_name_key, work_email_key = :work_email_key,
        email_keys = :email_keys, manager = :manager, active = :active,
        soft_deleted = :soft_deleted, origin = 'scim', version = :version, updated_at = :now,
        document = :document
    WHERE tenant_id = :tenant_id AND id = :user_id AND version = :read_version
      AND updated_at = :read_at
    RETURNING id
), event AS (
    INSERT INTO outbox (
        tenant_id, topic, event_id, type, subject, occurred_at, data, correlation_id, traceparent
    )
    SELECT
        :tenant_id, :topic, :event_id, :event_type, :user_id::uuid::text, :now, :event_data,
        :correlation_id, :traceparent
    FROM stored
), entry AS (
    INSERT INTO provisioning_log (
        tenant_id, id, occurred_at, operation, resource_type, resource_id, resource_name,
        status, dropped, correlation_id
    )
    SELECT
        :tenant_id, :entry_id, :occurred_at, :operation, 'User', :user_id::uuid::text, :user_name,
        :status, :dropped, :correlation_id
    FROM stored
)
SELECT id FROM stored;

-- name: delete_user
-- Removes a user with its memberships, and stores the event and the log row.
WITH gone AS (
    DELETE FROM users WHERE tenant_id = :tenant_id AND id = :user_id RETURNING user_name
), event AS (
    INSERT INTO outbox (
        tenant_id, topic, event_id, type, subject, occurred_at, data, correlation_id, traceparent
    )
    SELECT
        :tenant_id, :topic, :event_id, :event_type, :user_id::uuid::text, :now,
        convert_to(
            json_build_object('user_id', :user_id::uuid, 'user_name', gone.user_name)::text, 'UTF8'
        ),
        :correlation_id, :traceparent
    FROM gone
), entry AS (
    INSERT INTO provisioning_log (
        tenant_id, id, occurred_at, operation, resource_type, resource_id, resource_name,
        status, dropped, correlation_id
    )
    SELECT
        :tenant_id, :entry_id, :occurred_at, :operation, 'User', :user_id::uuid::text,
        gone.user_name, :status, :dropped, :correlation_id
    FROM gone
)
SELECT user_name FROM gone;

-- name: get_user
-- One user as it is answered, with what a change that follows needs to know.
SELECT id, version, created_at, updated_at, document, active, soft_deleted, origin
FROM users
WHERE tenant_id = :tenant_id AND id = :user_id;

-- name: load_user
-- One user to be changed.
SELECT version, active, soft_deleted, origin, created_at, updated_at, document
FROM users
WHERE tenant_id = :tenant_id AND id = :user_id;

-- name: find_user_by_user_name
-- The user of that name, with what the other clauses of a filter may ask about.
SELECT
    id, version, created_at, updated_at, document,
    user_name_key, external_id, display_name_key, work_email_key, email_keys, manager, active,
    soft_deleted, origin
FROM users
WHERE tenant_id = :tenant_id AND user_name_key = :user_name_key;

-- name: find_user_by_id
-- The user of that id, with what the other clauses of a filter may ask about.
SELECT
    id, version, created_at, updated_at, document,
    user_name_key, external_id, display_name_key, work_email_key, email_keys, manager, active,
    soft_deleted, origin
FROM users
WHERE tenant_id = :tenant_id AND id = :user_id;

-- name: list_users
-- A page of all users: the keys of the page first, then their documents.
-- The total is kept in ranges of ids, and so is where the page begins: no more is skipped than the
-- rest of a range.
WITH ranges AS (
    SELECT first_id, sum(amount) AS amount
    FROM listing_counts
    WHERE tenant_id = :tenant_id AND kind = 'users'
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
    FROM users
    WHERE tenant_id = :tenant_id AND id >= (SELECT first_id FROM start)
    ORDER BY id
    OFFSET :offset::bigint - (SELECT before FROM start)
    LIMIT :limit
)
SELECT total.total, found.id, found.version, found.created_at, found.updated_at, found.document
FROM total
LEFT JOIN page ON true
LEFT JOIN LATERAL (
    SELECT * FROM users WHERE users.tenant_id = :tenant_id AND users.id = page.id OFFSET 0
) AS found ON true
ORDER BY found.id;

-- name: list_users_by_external_id
-- A page of the users with an external id, which nothing makes unique.
WITH total AS (
    SELECT count(*) AS total FROM users WHERE tenant_id = :tenant_id AND external_id = :external_id
), page AS (
    SELECT id
    FROM users
    WHERE tenant_id = :tenant_id AND external_id = :external_id
    ORDER BY id
    OFFSET :offset LIMIT :limit
)
SELECT total.total, found.id, found.version, found.created_at, found.updated_at, found.document
FROM total
LEFT JOIN page ON true
LEFT JOIN LATERAL (
    SELECT * FROM users WHERE users.tenant_id = :tenant_id AND users.id = page.id OFFSET 0
) AS found ON true
ORDER BY found.id;

-- name: list_users_by_work_email
-- A page of the users with a work address, which nothing makes unique.
-- It may be one of several that a user has: then the row has another one's key, and the keys of all
-- stand in the order of the addresses.
WITH fitting AS MATERIALIZED (
    SELECT id FROM users WHERE tenant_id = :tenant_id AND work_email_key = :work_email_key::text
    UNION
    SELECT id
    FROM users
    WHERE tenant_id = :tenant_id
      AND cardinality(email_keys) > 1
      AND email_keys @> ARRAY[(:work_email_key::text)]
      AND EXISTS (
          SELECT
          FROM unnest(array_positions(email_keys, :work_email_key::text)) AS keyed (place)
          WHERE jsonb_path_query_array(
              convert_from(document, 'UTF8')::jsonb, '$."emails"[*] ? (exists (@."value"))'
          ) -> (keyed.place - 1) ->> 'type' ILIKE 'work'
      )
), total AS (
    SELECT count(*) AS total FROM fitting
), page AS (
    SELECT id FROM fitting ORDER BY id OFFSET :offset LIMIT :limit
)
SELECT total.total, found.id, found.version, found.created_at, found.updated_at, found.document
FROM total
LEFT JOIN page ON true
LEFT JOIN LATERAL (
    SELECT * FROM users WHERE users.tenant_id = :tenant_id AND users.id = page.id OFFSET 0
) AS found ON true
ORDER BY found.id;

-- name: search_users
-- A page of the users that fit every clause given; null stands for a clause that was not.
-- Without an index: every document of the tenant_id is read for the attribute at a JSON path.
WITH fitting AS MATERIALIZED (
    SELECT id
    FROM users
    WHERE tenant_id = :tenant_id
      AND (:external_id::text IS NULL OR external_id = :external_id)
      AND (:display_name_key::text IS NULL OR display_name_key = :display_name_key)
      AND (
          :work_email_key::text IS NULL
          OR work_email_key = :work_email_key
          OR cardinality(email_keys) > 1 AND email_keys @> ARRAY[(:work_email_key::text)] AND EXISTS (
              SELECT
              FROM unnest(array_positions(email_keys, :work_email_key::text)) AS keyed (place)
              WHERE jsonb_path_query_array(
                  convert_from(document, 'UTF8')::jsonb, '$."emails"[*] ? (exists (@."value"))'
              ) -> (keyed.place - 1) ->> 'type' ILIKE 'work'
          )
      )
      AND (:email_keys::text[] IS NULL OR email_keys @> :email_keys)
      AND (:manager::text IS NULL OR manager = :manager)
      AND (:active::boolean IS NULL OR active = :active)
      AND (:json_path::text IS NULL OR EXISTS (
          SELECT
          FROM jsonb_path_query(
              convert_from(document, 'UTF8')::jsonb, :json_path::text::jsonpath,
              :json_path_variables::text::jsonb
          ) AS found (value)
          -- Both sides alike: lower() is not the key that indexed names are compared by.
          WHERE found.value #>> '{}' = :value::text OR NOT :case_exact::boolean AND
              translate(replace(lower(normalize(found.value #>> '{}')), 'ß', 'ss'), 'ςſµ', 'σsμ')
              = translate(replace(lower(normalize(:value::text)), 'ß', 'ss'), 'ςſµ', 'σsμ')
      ))
), total AS (
    SELECT count(*) AS total FROM fitting
), page AS (
    SELECT id FROM fitting ORDER BY id OFFSET :offset LIMIT :limit
)
SELECT total.total, found.id, found.version, found.created_at, found.updated_at, found.document
FROM total
LEFT JOIN page ON true
LEFT JOIN LATERAL (
    SELECT * FROM users WHERE users.tenant_id = :tenant_id AND users.id = page.id OFFSET 0
) AS found ON true
ORDER BY found.id;
