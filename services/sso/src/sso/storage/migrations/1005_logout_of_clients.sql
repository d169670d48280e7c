-- migrate:up
-- Where browsers go after signing out of an app, and where the app hears of the end of sessions.
ALTER TABLE clients
    ADD COLUMN post_logout_redirect_uris text[] NOT NULL DEFAULT '{}',
    ADD COLUMN backchannel_logout_uri text;

-- migrate:down
