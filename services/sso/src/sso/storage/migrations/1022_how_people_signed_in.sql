-- migrate:up
-- How the identity provider says that somebody has signed in (acr and amr of tokens, OpenID Connect core §2).
ALTER TABLE sessions
    ADD COLUMN acr text,
    ADD COLUMN amr text[] NOT NULL DEFAULT '{fed}';

-- Forward only: dbmate asks for this marker, nothing stands behind it.
-- migrate:down
