-- name: insert_login
-- Remembers that a browser has left for the identity provider; of its others the oldest go.
-- cross-tenant: the secret of 256 bits names the browser, whoever uses it.
WITH forgotten AS (
    DELETE FROM pending_logins
    WHERE (tenant_id, id) IN (
        SELECT tenant_id, id
        FROM pending_logins
        WHERE browser_digest = (:browser_digest)::bytea
        ORDER BY id DESC
        OFFSET :others
    )
)
INSERT INTO pending_logins (
    tenant_id, id, connection_id, use, request_id, browser_digest, request, created_at, expires_at
)
VALUES (
    :tenant_id, :id, :connection_id, :use, :request_id, :browser_digest, :request, :created_at,
    :expires_at
);

-- name: find_login
-- The login that a request began.
SELECT
    tenant_id, id, connection_id, use, request_id, browser_digest, request, expires_at,
    proof_digest, outcome
FROM pending_logins
WHERE tenant_id = :tenant_id AND connection_id = :connection_id AND request_id = :request_id;

-- name: find_test
-- The test of that id.
SELECT
    tenant_id, id, connection_id, use, request_id, browser_digest, request, expires_at,
    proof_digest, outcome
FROM pending_logins
WHERE tenant_id = :tenant_id AND connection_id = :connection_id AND id = :id AND use = 'test';

-- name: insert_assertion
-- Takes an assertion; no row comes back when it was taken before.
INSERT INTO used_assertions (tenant_id, connection_id, assertion_id, expires_at)
VALUES (:tenant_id, :connection_id, :assertion_id, :expires_at)
ON CONFLICT DO NOTHING
RETURNING assertion_id;

-- name: take_assertion
-- Takes an assertion, once: notes who it was, binds the subject and logs, or does nothing of it. A
-- login that was answered already is left as it is; of two at once the second waits for the first.
WITH answered AS (
    UPDATE pending_logins
    SET proof_digest = :proof_digest, outcome = :document
    WHERE tenant_id = :tenant_id AND id = :id AND outcome IS NULL
      AND NOT EXISTS (
          SELECT FROM used_assertions
          WHERE tenant_id = :tenant_id AND connection_id = :connection_id
            AND assertion_id = :assertion_id
      )
    RETURNING id
), taken AS (
    INSERT INTO used_assertions (tenant_id, connection_id, assertion_id, expires_at)
    SELECT :tenant_id, :connection_id, :assertion_id, :remember_until FROM answered
), bound AS (
    INSERT INTO bindings (tenant_id, connection_id, subject, user_id, created_at)
    SELECT :tenant_id, :connection_id, :subject, :user_id, :occurred_at
    FROM answered
    WHERE :subject::text IS NOT NULL
    ON CONFLICT (tenant_id, connection_id, subject) DO NOTHING
)
INSERT INTO sign_in_log (
    tenant_id, id, occurred_at, connection_id, outcome, user_id, matched_by, detail, correlation_id
)
SELECT
    :tenant_id, :log_id, :occurred_at, :connection_id, :outcome, :user_id, :matched_by, :detail,
    :correlation_id
FROM answered
RETURNING id;

-- name: save_waiting
-- Remembers who waits to be provisioned, unless the login was answered meanwhile.
UPDATE pending_logins
SET waiting_digest = :digest, waiting = :document
WHERE tenant_id = :tenant_id AND id = :id AND outcome IS NULL;

-- name: find_waiting
-- A login whose person waits to be provisioned, and who that is.
-- cross-tenant: the proof of 256 bits names the login, whoever's it is.
SELECT
    tenant_id, id, connection_id, use, request_id, browser_digest, request, expires_at,
    proof_digest, outcome, waiting
FROM pending_logins
WHERE id = :id AND waiting_digest = :digest AND outcome IS NULL;

-- name: delete_login
-- Forgets a login.
DELETE FROM pending_logins WHERE tenant_id = :tenant_id AND id = :id;

-- name: find_answered_login
-- A login whose assertion was taken and which has not gone on yet.
-- cross-tenant: the proof of 256 bits names the login, whoever's it is.
SELECT
    tenant_id, id, connection_id, use, request_id, browser_digest, request, expires_at,
    proof_digest, outcome
FROM pending_logins
WHERE id = :id AND proof_digest = :proof_digest AND outcome IS NOT NULL;

-- name: complete_login
-- Returns a login whose assertion was taken, once, if the proof is its own. It is kept until its end:
-- the same browser may come again.
-- cross-tenant: the proof of 256 bits names the login, whoever's it is.
WITH completed AS (
    UPDATE pending_logins
    SET proof_digest = NULL
    WHERE id = :id AND proof_digest = :proof_digest AND outcome IS NOT NULL
    RETURNING
        tenant_id, id, connection_id, use, request_id, browser_digest, request, expires_at, outcome
)
SELECT
    completed.tenant_id, completed.id, completed.connection_id, completed.use,
    completed.request_id, completed.browser_digest, completed.request, completed.expires_at,
    (:proof_digest)::bytea AS proof_digest, completed.outcome,
    known.tenant_name, known.package, known.status
FROM completed
LEFT JOIN LATERAL (
    SELECT tenants.name AS tenant_name, tenants.package, tenants.status
    FROM tenants
    WHERE tenants.tenant_id = completed.tenant_id
    LIMIT 1
) AS known ON true;

-- name: find_completed_login
-- A login that its browser has completed.
-- cross-tenant: the secret of 256 bits is of the browser that began it, whoever's it is.
SELECT
    tenant_id, id, connection_id, use, request_id, browser_digest, request, expires_at,
    proof_digest, outcome
FROM pending_logins
WHERE id = :id AND browser_digest = :browser_digest AND proof_digest IS NULL
  AND outcome IS NOT NULL;

-- name: insert_log_row
-- Writes what became of a sign-in.
INSERT INTO sign_in_log (
    tenant_id, id, occurred_at, connection_id, outcome, user_id, matched_by, detail, correlation_id
)
VALUES (
    :tenant_id, :id, :occurred_at, :connection_id, :outcome, :user_id, :matched_by, :detail,
    :correlation_id
);
