-- name: find_group
-- returns the tenant and the group of an id, the group locked
WITH found AS (
    SELECT g.* FROM groups g WHERE g.tenant_id = :tenant_id AND g.id = :group_id FOR NO KEY UPDATE
)
SELECT t.name AS tenant_name, t.package, t.status AS tenant_status, t.default_role,
       t.invitations_enabled, t.version AS tenant_version, t.created_at AS tenant_created_at,
       t.updated_at AS tenant_updated_at,
       g.tenant_id, g.id, g.display_name, g.external_id, g.version, g.scim_version,
       g.created_at, g.updated_at
FROM tenants t LEFT JOIN found g ON true
WHERE t.tenant_id = :tenant_id

-- name: save_group
-- inserts a group or replaces its state
INSERT INTO groups (tenant_id, id, display_name, display_name_key, external_id, version,
                    scim_version, created_at, updated_at)
VALUES (:tenant_id, :group_id, :display_name, :display_name_key, :external_id, :version,
        :scim_version, :created_at, :updated_at)
ON CONFLICT (tenant_id, id) DO UPDATE
SET display_name = excluded.display_name, display_name_key = excluded.display_name_key,
    external_id = excluded.external_id,
    version = excluded.version, scim_version = excluded.scim_version,
    updated_at = excluded.updated_at

-- name: remove_group
-- removes a group with its memberships
DELETE FROM groups WHERE tenant_id = :tenant_id AND id = :group_id

-- name: change_members
-- adds and removes members as sets, returns what really changed and which ids are no users
WITH target AS (
    SELECT tenant_id, id FROM groups
    WHERE tenant_id = :tenant_id AND id = :group_id FOR NO KEY UPDATE
), users_to_add AS (
    SELECT u.id FROM unnest(:add::uuid[]) wanted (id)
    JOIN users u ON u.tenant_id = :tenant_id AND u.id = wanted.id
), inserted AS (
    INSERT INTO memberships (tenant_id, group_id, user_id)
    SELECT t.tenant_id, t.id, u.id FROM target t CROSS JOIN users_to_add u
    ON CONFLICT DO NOTHING
    RETURNING user_id
), deleted AS (
    DELETE FROM memberships
    WHERE tenant_id = :tenant_id AND group_id = (SELECT id FROM target)
        AND user_id = ANY (:remove::uuid[])
    RETURNING user_id
)
SELECT EXISTS (SELECT FROM target) AS group_exists,
       ARRAY(SELECT unnest(:add::uuid[]) EXCEPT SELECT id FROM users_to_add) AS unknown,
       ARRAY(SELECT user_id FROM inserted) AS added,
       ARRAY(SELECT user_id FROM deleted) AS removed

-- name: page_groups
-- returns groups after an id, by id, each with the number of its members
SELECT g.tenant_id, g.id, g.display_name, g.external_id, g.version, g.scim_version,
       g.created_at, g.updated_at,
       (SELECT count(*) FROM memberships m WHERE m.tenant_id = g.tenant_id AND m.group_id = g.id)
           AS members
FROM groups g
WHERE g.tenant_id = :tenant_id AND g.id > :after
ORDER BY g.id LIMIT :limit

-- name: list_groups_named
-- returns up to ten groups of a display name, compared without case
SELECT tenant_id, id, display_name, external_id, version, scim_version, created_at, updated_at
FROM groups WHERE tenant_id = :tenant_id AND display_name_key = :display_name_key
ORDER BY id LIMIT 10

-- name: page_members
-- returns members of a group after a user id, by user id
SELECT m.user_id, u.user_name
FROM memberships m
-- One probe for each: not to be turned into a join of all users.
CROSS JOIN LATERAL (
    SELECT users.user_name FROM users
    WHERE users.tenant_id = :tenant_id AND users.id = m.user_id OFFSET 0
) u
WHERE m.tenant_id = :tenant_id AND m.group_id = :group_id AND m.user_id > :after
ORDER BY m.user_id LIMIT :limit
