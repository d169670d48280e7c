-- migrate:up
-- When the last certificate ends that people sign in by, and what has been said of that.
ALTER TABLE connections
    ADD COLUMN certificates_end timestamptz,
    ADD COLUMN certificates_told integer;
CREATE INDEX connections_by_certificates_end ON connections (certificates_end)
    WHERE certificates_end IS NOT NULL;
CREATE INDEX connections_by_certificates_told ON connections (certificates_told)
    WHERE certificates_told IS NOT NULL;

-- migrate:down
