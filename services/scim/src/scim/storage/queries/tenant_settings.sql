-- name: save_tenant_settings
-- Keeps what an operator set for a tenant.
INSERT INTO tenant_settings (tenant_id, strict)
VALUES (:tenant_id, :strict)
ON CONFLICT (tenant_id) DO UPDATE SET strict = excluded.strict;
