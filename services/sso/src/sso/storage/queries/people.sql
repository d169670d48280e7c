-- name: save_user
-- Keeps a user as the directory describes it now, and returns the role that it had.
WITH before AS (SELECT role FROM users WHERE tenant_id = :tenant_id AND id = :id)
INSERT INTO users (
    tenant_id, id, user_name, user_name_key, external_id, email, email_key, display_name,
    given_name, family_name, role, active
)
VALUES (
    :tenant_id, :id, :user_name, :user_name_key, :external_id, :email, :email_key, :display_name,
    :given_name, :family_name, :role, :active
)
ON CONFLICT (tenant_id, id) DO UPDATE
SET user_name = excluded.user_name, user_name_key = excluded.user_name_key,
    external_id = excluded.external_id, email = excluded.email, email_key = excluded.email_key,
    display_name = excluded.display_name, given_name = excluded.given_name,
    family_name = excluded.family_name, role = excluded.role, active = excluded.active
RETURNING (SELECT before.role FROM before);

-- name: delete_user
-- Forgets a user that has left the directory.
DELETE FROM users WHERE tenant_id = :tenant_id AND id = :id;

-- name: save_domain
-- Notes that a tenant holds a domain.
INSERT INTO domains (tenant_id, domain) VALUES (:tenant_id, :domain) ON CONFLICT DO NOTHING;

-- name: delete_domain
-- Notes that a tenant holds a domain no longer.
DELETE FROM domains WHERE tenant_id = :tenant_id AND domain = :domain;

-- name: delete_tenant_domains
-- Forgets the domains of a tenant that is gone.
DELETE FROM domains WHERE tenant_id = :tenant_id;

-- name: delete_tenant_connections
-- Forgets the connections of a tenant that is gone.
DELETE FROM connections WHERE tenant_id = :tenant_id;

-- name: delete_tenant_policy
-- Forgets how long people of a tenant that is gone stayed signed in.
DELETE FROM session_policies WHERE tenant_id = :tenant_id;

-- name: delete_tenant_users
-- Forgets the users of a tenant that is gone.
DELETE FROM users WHERE tenant_id = :tenant_id;

-- name: find_domain_holders
-- The tenants that hold a domain: one, or for a moment two.
-- cross-tenant: whose a domain is decides where its people sign in.
SELECT tenant_id FROM domains WHERE domain = :domain LIMIT 2;

-- name: list_domains
-- The domains that a tenant holds.
SELECT domain FROM domains WHERE tenant_id = :tenant_id;

-- name: find_tenant_with_domains
-- What is known of a tenant, with the domains that it holds.
SELECT
    tenants.tenant_id, tenants.name, tenants.package, tenants.status,
    ARRAY(SELECT domain FROM domains WHERE domains.tenant_id = :tenant_id) AS held
FROM tenants
WHERE tenants.tenant_id = :tenant_id;

-- name: find_bound_user
-- The user that a subject is bound to.
SELECT
    users.tenant_id, users.id, users.user_name, users.external_id, users.email,
    users.display_name, users.given_name, users.family_name, users.role, users.active
FROM bindings
JOIN users ON users.tenant_id = bindings.tenant_id AND users.id = bindings.user_id
WHERE bindings.tenant_id = :tenant_id AND bindings.connection_id = :connection_id
  AND bindings.subject = :subject;

-- name: list_bound_subjects
-- The subjects that a user is bound to.
SELECT subject
FROM bindings
WHERE tenant_id = :tenant_id AND connection_id = :connection_id AND user_id = :user_id
LIMIT 10;

-- name: find_by_external_id
-- The users with an external id, which nothing makes unique.
SELECT
    tenant_id, id, user_name, external_id, email, display_name, given_name, family_name, role,
    active
FROM users
WHERE tenant_id = :tenant_id AND external_id = :external_id
LIMIT 2;

-- name: find_by_address
-- The users whose name or address it is: each of the two by its index.
SELECT
    tenant_id, id, user_name, external_id, email, display_name, given_name, family_name, role,
    active
FROM users
WHERE tenant_id = :tenant_id AND user_name_key = :key::text
UNION
SELECT
    tenant_id, id, user_name, external_id, email, display_name, given_name, family_name, role,
    active
FROM users
WHERE tenant_id = :tenant_id AND email_key = :key::text
LIMIT 2;

-- name: find_user
-- A user by its id.
SELECT
    tenant_id, id, user_name, external_id, email, display_name, given_name, family_name, role,
    active
FROM users
WHERE tenant_id = :tenant_id AND id = :user_id;
