-- migrate:up
-- The domains that a connection speaks for alone; none: all that no other one speaks for.
ALTER TABLE connections ADD COLUMN own_domains text[] NOT NULL DEFAULT '{}';

-- Where the people of a domain are led, by connections that let people in; an empty domain stands
-- for all the others of the tenant. Its key is what keeps two connections from one domain.
CREATE TABLE connection_routes (
    tenant_id uuid NOT NULL,
    domain text NOT NULL,
    connection_id uuid NOT NULL,
    PRIMARY KEY (tenant_id, domain),
    FOREIGN KEY (tenant_id, connection_id) REFERENCES connections (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX connection_routes_by_connection ON connection_routes (tenant_id, connection_id);
INSERT INTO connection_routes (tenant_id, domain, connection_id)
SELECT tenant_id, '', id FROM connections WHERE active IS NOT NULL AND NOT suspended;
DROP INDEX connections_in_use;

-- migrate:down
