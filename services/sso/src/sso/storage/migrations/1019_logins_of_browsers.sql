-- migrate:up
-- A browser may have so many logins on their way; the oldest go first.
CREATE INDEX pending_logins_by_browser ON pending_logins (browser_digest, id)
    WHERE browser_digest IS NOT NULL;

-- migrate:down
