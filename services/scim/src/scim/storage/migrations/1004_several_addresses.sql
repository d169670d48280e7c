-- migrate:up
-- A user may have several work addresses; a row of `users` has the key of the first. The others are
-- found among those who have more than one address.
CREATE INDEX users_by_several_emails ON users USING gin (email_keys)
WHERE cardinality(email_keys) > 1;

-- Forward only: dbmate asks for this marker, nothing stands behind it.
-- migrate:down
