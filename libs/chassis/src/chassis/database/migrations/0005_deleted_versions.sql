-- migrate:up
-- Since when a key is deleted: its version is forgotten some time after that.
ALTER TABLE inbox_versions ADD COLUMN deleted_at timestamptz;
UPDATE inbox_versions SET deleted_at = now() WHERE deleted;
CREATE INDEX inbox_versions_deleted ON inbox_versions (deleted_at) WHERE deleted_at IS NOT NULL;

-- Forward only: dbmate asks for this marker, nothing stands behind it.
-- migrate:down
