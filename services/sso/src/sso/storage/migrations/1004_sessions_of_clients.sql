-- migrate:up
-- An app's sessions are listed in pages, by their ids.
DROP INDEX session_clients_by_client;
CREATE INDEX session_clients_by_client ON session_clients (client_id, session_id);

-- migrate:down
