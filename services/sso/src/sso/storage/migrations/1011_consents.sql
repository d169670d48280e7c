-- migrate:up
-- Apps that have to ask people before they are told of them, and what people have answered.
ALTER TABLE clients ADD COLUMN consent boolean NOT NULL DEFAULT false;
CREATE TABLE consents (
    tenant_id uuid NOT NULL,
    user_id uuid NOT NULL,
    client_id text NOT NULL,
    scopes text[] NOT NULL,
    given_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, user_id, client_id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);

-- migrate:down
