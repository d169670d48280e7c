-- migrate:up
-- Events are written here in the business transaction; the relay numbers, sends and marks them.
CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id uuid NOT NULL,
    -- One relay at a time per bucket of tenants; computed here so that no writer can disagree.
    bucket smallint NOT NULL GENERATED ALWAYS AS ((hashtext(tenant_id::text) & 63)::smallint) STORED,
    topic text NOT NULL,
    event_id uuid NOT NULL,
    type text NOT NULL,
    subject text NOT NULL,
    occurred_at timestamptz NOT NULL,
    -- UTF-8 JSON; NULL is a deletion on a state topic.
    data bytea,
    version bigint,
    correlation_id text,
    traceparent text,
    -- Dense per tenant and topic; given by the relay.
    sequence bigint,
    sent_at timestamptz
) WITH (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.02);
CREATE INDEX outbox_pending ON outbox (id) WHERE sent_at IS NULL;

CREATE TABLE outbox_sequences (
    tenant_id uuid NOT NULL,
    topic text NOT NULL,
    last bigint NOT NULL,
    PRIMARY KEY (tenant_id, topic)
);

-- A row that can never be sent holds back the later ones of its tenant and topic, and nobody else's.
CREATE TABLE outbox_blocked (
    tenant_id uuid NOT NULL,
    topic text NOT NULL,
    outbox_id bigint NOT NULL,
    reason text NOT NULL,
    blocked_at timestamptz NOT NULL DEFAULT now(),
    retry_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, topic)
);

-- Forward only: dbmate asks for this marker, nothing stands behind it.
-- migrate:down
