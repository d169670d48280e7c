-- name: drop_shadowed_user
-- Removes a hand-made user whose name the provider has given to another one meanwhile.
DELETE FROM users
WHERE tenant_id = :tenant_id
  AND id = :user_id
  AND origin = 'directory'
  AND EXISTS (
      SELECT FROM users AS other
      WHERE other.tenant_id = :tenant_id
        AND other.user_name_key = :user_name_key
        AND other.id <> :user_id
  );

-- name: upsert_directory_user
-- Takes over a hand-made user, unless the provider has written to it or uses its name elsewhere.
INSERT INTO users (
    tenant_id, id, user_name, user_name_key, external_id, display_name_key, work_email_key,
    email_keys, manager, active, soft_deleted, origin, version, created_at, updated_at, document
)
SELECT
    :tenant_id, :user_id, :user_name, :user_name_key, :external_id, :display_name_key,
    :work_email_key, :email_keys, :manager, :active, :soft_deleted, 'directory', :version, :now,
    :now, :document
WHERE NOT EXISTS (
    SELECT FROM users AS other
    WHERE other.tenant_id = :tenant_id
      AND other.user_name_key = :user_name_key
      AND other.id <> :user_id
)
ON CONFLICT (tenant_id, id) DO UPDATE
SET user_name = excluded.user_name, user_name_key = excluded.user_name_key,
    external_id = excluded.external_id, display_name_key = excluded.display_name_key,
    work_email_key = excluded.work_email_key, email_keys = excluded.email_keys,
    manager = excluded.manager, active = excluded.active, version = users.version + 1,
    updated_at = excluded.updated_at, document = excluded.document
WHERE users.origin = 'directory';

-- name: delete_directory_user
-- Forgets a hand-made user that has left the directory.
DELETE FROM users WHERE tenant_id = :tenant_id AND id = :user_id AND origin = 'directory';
