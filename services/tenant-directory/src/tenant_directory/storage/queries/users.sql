-- name: find_user
-- returns the tenant, the user of an id and the other user that has a name, both locked
WITH found AS (
    SELECT u.* FROM users u WHERE u.tenant_id = :tenant_id AND u.id = :user_id FOR NO KEY UPDATE
), name_holder AS (
    SELECT u.* FROM users u
    WHERE u.tenant_id = :tenant_id AND u.user_name_key = :name_key AND NOT u.soft_deleted
        AND u.id <> :user_id
    FOR NO KEY UPDATE
), both_users AS (
    SELECT * FROM found UNION ALL SELECT * FROM name_holder
)
SELECT t.name AS tenant_name, t.package, t.status AS tenant_status, t.default_role,
       t.invitations_enabled, t.version AS tenant_version, t.created_at AS tenant_created_at,
       t.updated_at AS tenant_updated_at,
       u.tenant_id, u.id, u.user_name, u.status, u.origin, u.role, u.role_given_by, u.soft_deleted,
       u.external_id, u.display_name, u.given_name, u.family_name, u.email, u.attributes,
       u.version, u.scim_version, u.created_at, u.updated_at
FROM tenants t LEFT JOIN both_users u ON true
WHERE t.tenant_id = :tenant_id

-- name: find_user_by_name
-- returns the not soft-deleted user of a name, locked
SELECT tenant_id, id, user_name, status, origin, role, role_given_by, soft_deleted, external_id,
       display_name, given_name, family_name, email, attributes, version, scim_version,
       created_at, updated_at
FROM users WHERE tenant_id = :tenant_id AND user_name_key = :name_key AND NOT soft_deleted
FOR NO KEY UPDATE

-- name: add_user
-- adds a user unless its name is taken
INSERT INTO users (tenant_id, id, user_name, user_name_key, status, origin, role, role_given_by,
                   soft_deleted, external_id, display_name, given_name, family_name, email,
                   attributes, version, scim_version, created_at, updated_at)
VALUES (:tenant_id, :user_id, :user_name, :name_key, :status, :origin, :role, :role_given_by,
        :soft_deleted, :external_id, :display_name, :given_name, :family_name, :email, :attributes,
        :version, :scim_version, :created_at, :updated_at)
ON CONFLICT (tenant_id, user_name_key) WHERE NOT soft_deleted DO NOTHING
RETURNING id

-- name: save_user
-- inserts a user or replaces its state
INSERT INTO users (tenant_id, id, user_name, user_name_key, status, origin, role, role_given_by,
                   soft_deleted, external_id, display_name, given_name, family_name, email,
                   attributes, version, scim_version, created_at, updated_at)
VALUES (:tenant_id, :user_id, :user_name, :name_key, :status, :origin, :role, :role_given_by,
        :soft_deleted, :external_id, :display_name, :given_name, :family_name, :email, :attributes,
        :version, :scim_version, :created_at, :updated_at)
ON CONFLICT (tenant_id, id) DO UPDATE
SET user_name = excluded.user_name, user_name_key = excluded.user_name_key,
    status = excluded.status, origin = excluded.origin, role = excluded.role,
    role_given_by = excluded.role_given_by, soft_deleted = excluded.soft_deleted,
    external_id = excluded.external_id, display_name = excluded.display_name,
    given_name = excluded.given_name, family_name = excluded.family_name, email = excluded.email,
    attributes = excluded.attributes, version = excluded.version,
    scim_version = excluded.scim_version, updated_at = excluded.updated_at

-- name: remove_user
-- removes a user with its memberships, returns the groups it was in
WITH groups_left AS (
    SELECT group_id FROM memberships WHERE tenant_id = :tenant_id AND user_id = :user_id
), removed AS (
    DELETE FROM users WHERE tenant_id = :tenant_id AND id = :user_id
)
SELECT group_id FROM groups_left ORDER BY group_id

-- name: page_users
-- returns users after an id, by id, each with the number of its groups
SELECT u.tenant_id, u.id, u.user_name, u.status, u.origin, u.role, u.role_given_by, u.soft_deleted,
       u.external_id, u.display_name, u.given_name, u.family_name, u.email, u.attributes,
       u.version, u.scim_version, u.created_at, u.updated_at,
       (SELECT count(*) FROM memberships m WHERE m.tenant_id = u.tenant_id AND m.user_id = u.id)
           AS groups
FROM users u
WHERE u.tenant_id = :tenant_id AND u.id > :after
ORDER BY u.id LIMIT :limit

-- name: list_groups_of_user
-- returns the groups of a user, by display name
SELECT g.tenant_id, g.id, g.display_name, g.external_id, g.version, g.scim_version,
       g.created_at, g.updated_at
FROM memberships m
-- One probe for each: not to be turned into a join of all groups.
CROSS JOIN LATERAL (
    SELECT * FROM groups WHERE groups.tenant_id = :tenant_id AND groups.id = m.group_id OFFSET 0
) g
WHERE m.tenant_id = :tenant_id AND m.user_id = :user_id
ORDER BY g.display_name_key, g.id
