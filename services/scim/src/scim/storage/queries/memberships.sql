-- name: groups_of_users
-- The groups that users are in.
SELECT group_members.user_id, groups.id, groups.display_name
FROM group_members
JOIN groups ON groups.tenant_id = group_members.tenant_id AND groups.id = group_members.group_id
WHERE group_members.tenant_id = :tenant_id AND group_members.user_id = ANY (:users::uuid[])
ORDER BY group_members.user_id, groups.id;

-- name: names_of_users
-- What users are called: their documents are read for it.
SELECT
    id, coalesce(convert_from(document, 'UTF8')::jsonb ->> 'displayName', user_name) AS name
FROM users
WHERE tenant_id = :tenant_id AND id = ANY (:users::uuid[]);
