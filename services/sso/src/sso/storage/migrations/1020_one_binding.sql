-- migrate:up
-- One identity of a connection's provider for each user. Two of them that came for the first time at
-- the same moment could both be bound; the one that was first stays.
DELETE FROM bindings AS later
USING bindings AS first
WHERE first.tenant_id = later.tenant_id AND first.connection_id = later.connection_id
  AND first.user_id = later.user_id
  AND (first.created_at, first.subject) < (later.created_at, later.subject);

CREATE UNIQUE INDEX bindings_one_subject ON bindings (tenant_id, connection_id, user_id);

-- Forward only: dbmate asks for this marker, nothing stands behind it.
-- migrate:down
