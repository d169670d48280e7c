-- name: find_tenants
-- returns the tenants of these ids
SELECT tenant_id, name, package, status, default_role, invitations_enabled, version,
       created_at, updated_at
FROM tenants WHERE tenant_id = ANY (:tenant_ids::uuid[])

-- name: find_users
-- returns users by tenant_id and id, and by tenant_id and user name, all locked; some twice
SELECT found.*
FROM unnest(:tenant_ids::uuid[], :user_ids::uuid[]) AS asked (tenant_id, id)
CROSS JOIN LATERAL (
    SELECT u.tenant_id, u.id, u.user_name, u.status, u.origin, u.role, u.role_given_by,
           u.soft_deleted, u.external_id, u.display_name, u.given_name, u.family_name, u.email,
           u.attributes, u.version, u.scim_version, u.created_at, u.updated_at
    FROM users u WHERE u.tenant_id = asked.tenant_id AND u.id = asked.id
    FOR NO KEY UPDATE
) found
UNION ALL
SELECT holder.*
FROM unnest(:name_tenant_ids::uuid[], :name_keys::text[]) AS named (tenant_id, name_key)
CROSS JOIN LATERAL (
    SELECT u.tenant_id, u.id, u.user_name, u.status, u.origin, u.role, u.role_given_by,
           u.soft_deleted, u.external_id, u.display_name, u.given_name, u.family_name, u.email,
           u.attributes, u.version, u.scim_version, u.created_at, u.updated_at
    FROM users u
    WHERE u.tenant_id = named.tenant_id AND u.user_name_key = named.name_key
        AND NOT u.soft_deleted
    FOR NO KEY UPDATE
) holder

-- name: find_user_ids
-- returns which of these users exist
SELECT u.tenant_id, u.id
FROM unnest(:tenant_ids::uuid[], :user_ids::uuid[]) AS asked (tenant_id, id)
JOIN users u ON u.tenant_id = asked.tenant_id AND u.id = asked.id

-- name: find_groups
-- returns groups by tenant_id and id, locked
SELECT found.*
FROM unnest(:tenant_ids::uuid[], :group_ids::uuid[]) AS asked (tenant_id, id)
CROSS JOIN LATERAL (
    SELECT g.tenant_id, g.id, g.display_name, g.external_id, g.version, g.scim_version,
           g.created_at, g.updated_at
    FROM groups g WHERE g.tenant_id = asked.tenant_id AND g.id = asked.id
    FOR NO KEY UPDATE
) found

-- name: find_memberships
-- returns those of these memberships that exist, and all of some users; some twice
SELECT m.tenant_id, m.group_id, m.user_id
FROM unnest(:tenant_ids::uuid[], :group_ids::uuid[], :user_ids::uuid[])
    AS asked (tenant_id, group_id, user_id)
JOIN memberships m ON m.tenant_id = asked.tenant_id AND m.group_id = asked.group_id
    AND m.user_id = asked.user_id
UNION ALL
SELECT m.tenant_id, m.group_id, m.user_id
FROM unnest(:leaving_tenant_ids::uuid[], :leaving_ids::uuid[]) AS leaving (tenant_id, user_id)
JOIN memberships m ON m.tenant_id = leaving.tenant_id AND m.user_id = leaving.user_id

-- name: remove_users
-- removes users with their memberships
DELETE FROM users u USING unnest(:tenant_ids::uuid[], :ids::uuid[]) AS gone (tenant_id, id)
WHERE u.tenant_id = gone.tenant_id AND u.id = gone.id

-- name: remove_groups
-- removes groups with their memberships
DELETE FROM groups g USING unnest(:tenant_ids::uuid[], :ids::uuid[]) AS gone (tenant_id, id)
WHERE g.tenant_id = gone.tenant_id AND g.id = gone.id

-- name: free_names
-- takes users out of the index of names until they are saved: others get these names first
UPDATE users u SET soft_deleted = true
FROM unnest(:tenant_ids::uuid[], :ids::uuid[]) AS renamed (tenant_id, id)
WHERE u.tenant_id = renamed.tenant_id AND u.id = renamed.id

-- name: save_users
-- inserts users or replaces their state
INSERT INTO users (tenant_id, id, user_name, user_name_key, status, origin, role, role_given_by, soft_deleted,
       external_id, display_name, given_name, family_name, email, attributes, version,
       scim_version, created_at, updated_at)
SELECT tenant_id, id, user_name, user_name_key, status, origin, role, role_given_by, soft_deleted,
       external_id, display_name, given_name, family_name, email, attributes::jsonb, version,
       scim_version, created_at, updated_at
FROM unnest(:tenant_id::uuid[], :user_id::uuid[], :user_name::text[], :name_key::text[],
            :status::text[], :origin::text[], :role::text[], :role_given_by::text[],
            :soft_deleted::boolean[], :external_id::text[], :display_name::text[],
            :given_name::text[], :family_name::text[], :email::text[], :attributes::text[],
            :version::bigint[], :scim_version::bigint[], :created_at::timestamptz[],
            :updated_at::timestamptz[])
    AS saved (tenant_id, id, user_name, user_name_key, status, origin, role, role_given_by, soft_deleted,
       external_id, display_name, given_name, family_name, email, attributes, version,
       scim_version, created_at, updated_at)
ON CONFLICT (tenant_id, id) DO UPDATE
SET user_name = excluded.user_name, user_name_key = excluded.user_name_key,
    status = excluded.status, origin = excluded.origin, role = excluded.role,
    role_given_by = excluded.role_given_by, soft_deleted = excluded.soft_deleted,
    external_id = excluded.external_id, display_name = excluded.display_name,
    given_name = excluded.given_name, family_name = excluded.family_name, email = excluded.email,
    attributes = excluded.attributes, version = excluded.version,
    scim_version = excluded.scim_version, updated_at = excluded.updated_at

-- name: save_groups
-- inserts groups or replaces their state
INSERT INTO groups (tenant_id, id, display_name, display_name_key, external_id, version,
                    scim_version, created_at, updated_at)
SELECT tenant_id, id, display_name, display_name_key, external_id, version, scim_version,
       created_at, updated_at
FROM unnest(:tenant_id::uuid[], :group_id::uuid[], :display_name::text[],
            :display_name_key::text[], :external_id::text[], :version::bigint[],
            :scim_version::bigint[], :created_at::timestamptz[], :updated_at::timestamptz[])
    AS saved (tenant_id, id, display_name, display_name_key, external_id, version, scim_version,
              created_at, updated_at)
ON CONFLICT (tenant_id, id) DO UPDATE
SET display_name = excluded.display_name, display_name_key = excluded.display_name_key,
    external_id = excluded.external_id, version = excluded.version,
    scim_version = excluded.scim_version, updated_at = excluded.updated_at

-- name: remove_memberships
-- takes users out of groups
DELETE FROM memberships m
USING unnest(:tenant_ids::uuid[], :group_ids::uuid[], :user_ids::uuid[])
    AS gone (tenant_id, group_id, user_id)
WHERE m.tenant_id = gone.tenant_id AND m.group_id = gone.group_id AND m.user_id = gone.user_id

-- name: add_memberships
-- puts users into groups
INSERT INTO memberships (tenant_id, group_id, user_id)
SELECT tenant_id, group_id, user_id
FROM unnest(:tenant_ids::uuid[], :group_ids::uuid[], :user_ids::uuid[])
    AS joined (tenant_id, group_id, user_id)
