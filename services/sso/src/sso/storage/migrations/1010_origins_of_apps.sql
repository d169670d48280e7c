-- migrate:up
-- Where apps run in browsers: pages of these origins may read what they ask for.
ALTER TABLE clients ADD COLUMN allowed_origins text[] NOT NULL DEFAULT '{}';

-- migrate:down
