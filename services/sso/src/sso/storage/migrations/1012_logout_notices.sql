-- migrate:up
-- Apps that have to hear that a session of theirs is over, until they have (OpenID Connect
-- back-channel logout 1.0). A row comes in the transaction that ends the session.
CREATE TABLE logout_notices (
    tenant_id uuid NOT NULL,
    session_id uuid NOT NULL,
    client_id text NOT NULL,
    user_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    given_up boolean NOT NULL DEFAULT false,
    last_failure text,
    PRIMARY KEY (tenant_id, session_id, client_id)
);
CREATE INDEX logout_notices_due ON logout_notices (client_id, due_at) WHERE NOT given_up;
CREATE INDEX logout_notices_by_age ON logout_notices (created_at);

-- migrate:down
