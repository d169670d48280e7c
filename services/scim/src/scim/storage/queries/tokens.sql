-- name: insert_token
-- Keeps a new token's digest.
INSERT INTO tokens (tenant_id, id, prefix, digest, created_at, expires_at)
VALUES (:tenant_id, :token_id, :prefix, :digest, :created_at, :expires_at);

-- name: list_tokens
-- All tokens of a tenant, the newest first.
SELECT id, prefix, created_at, expires_at, last_used_at, revoked_at
FROM tokens
WHERE tenant_id = :tenant_id
ORDER BY tokens.id DESC;

-- name: revoke_token
-- Makes a token worthless from now on; the first revocation's time stays.
UPDATE tokens
SET revoked_at = coalesce(revoked_at, :now)
WHERE tenant_id = :tenant_id AND id = :token_id
RETURNING id;

-- name: find_grant
-- What a live token's digest opens.
SELECT
    tokens.id, tokens.expires_at, tenants.name, tenants.package, tenants.status,
    coalesce(tenant_settings.strict, false) AS strict
FROM tokens
JOIN tenants ON tenants.tenant_id = tokens.tenant_id
LEFT JOIN tenant_settings ON tenant_settings.tenant_id = tokens.tenant_id
WHERE tokens.tenant_id = :tenant_id
  AND tokens.digest = :digest
  AND tokens.revoked_at IS NULL
  AND tokens.expires_at > :now;

-- name: list_live_tokens
-- Digests of tokens that open something, those used last first; with a time those made after it.
-- cross-tenant: a process tells known tokens from guesses before it knows whose request it is.
SELECT tenant_id, digest
FROM tokens
WHERE revoked_at IS NULL
  AND expires_at > :now::timestamptz
  AND (:since::timestamptz IS NULL OR created_at > :since)
ORDER BY last_used_at DESC NULLS LAST
LIMIT :limit::int;

-- name: mark_tokens_used
-- Notes when tokens were last used, for many at once.
UPDATE tokens
SET last_used_at = used.at
FROM unnest(:tenant_ids::uuid[], :token_ids::uuid[], :used_at::timestamptz[]) AS used
(tenant_id, id, at)
JOIN (
    -- In one order, so that two replicas cannot block one another.
    SELECT tenant_id, id FROM tokens
    WHERE tenant_id = ANY (:tenant_ids) AND id = ANY (:token_ids)
    ORDER BY tenant_id, id
    FOR NO KEY UPDATE
) AS held USING (tenant_id, id)
WHERE tokens.tenant_id = used.tenant_id
  AND tokens.id = used.id
  AND (tokens.last_used_at IS NULL OR tokens.last_used_at < used.at);
