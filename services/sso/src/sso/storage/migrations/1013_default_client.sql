-- migrate:up
-- Where a sign-in leads that begins at the identity provider.
ALTER TABLE connections ADD COLUMN default_client text REFERENCES clients (id);
CREATE INDEX connections_by_default_client ON connections (default_client)
    WHERE default_client IS NOT NULL;

-- migrate:down
