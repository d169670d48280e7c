-- migrate:up
-- Which apps a session was let into: who has to be told when it ends, and what ends with an app.
CREATE TABLE session_clients (
    tenant_id uuid NOT NULL,
    session_id uuid NOT NULL,
    client_id text NOT NULL,
    PRIMARY KEY (tenant_id, session_id, client_id),
    FOREIGN KEY (tenant_id, session_id) REFERENCES sessions (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX session_clients_by_client ON session_clients (client_id);
CREATE INDEX pending_logins_by_client ON pending_logins ((request ->> 'client_id'));

-- migrate:down
