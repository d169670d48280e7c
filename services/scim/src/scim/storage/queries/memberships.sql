-- name: groups_of_users
-- The groups that users are in.
SELECT group_members.user_id, found.id, found.display_name
FROM group_members
-- One index probe for each, whatever the statistics say: not to be turned into a join of all groups.
CROSS JOIN LATERAL (
    SELECT groups.id, groups.display_name
    FROM groups
    WHERE groups.tenant_id = :tenant_id AND groups.id = group_members.group_id
    OFFSET 0
) AS found
WHERE group_members.tenant_id = :tenant_id AND group_members.user_id = ANY (:users::uuid[])
ORDER BY group_members.user_id, found.id;

-- name: names_of_users
-- What users are called: their documents are read for it.
SELECT
    id, coalesce(convert_from(document, 'UTF8')::jsonb ->> 'displayName', user_name) AS name
FROM users
WHERE tenant_id = :tenant_id AND id = ANY (:users::uuid[]);
