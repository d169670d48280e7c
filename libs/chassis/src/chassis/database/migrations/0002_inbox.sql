-- migrate:up
-- How far each group has come in each partition. This is the truth; Kafka's own commit is a hint.
CREATE TABLE consumer_offsets (
    consumer_group text NOT NULL,
    topic text NOT NULL,
    partition integer NOT NULL,
    next_offset bigint NOT NULL DEFAULT 0,
    -- Raised by each new owner, so that the transactions of the old one fail.
    epoch bigint NOT NULL DEFAULT 0,
    owner text NOT NULL,
    claimed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (consumer_group, topic, partition)
) WITH (fillfactor = 50);

-- Event topics: the last sequence of each tenant that has been applied; the next one is exactly one more.
CREATE TABLE inbox (
    tenant_id uuid NOT NULL,
    consumer_group text NOT NULL,
    topic text NOT NULL,
    last bigint NOT NULL,
    PRIMARY KEY (tenant_id, consumer_group, topic)
) WITH (fillfactor = 50);

-- State topics: the version of each record key that has been applied, deleted ones included.
CREATE TABLE inbox_versions (
    tenant_id uuid NOT NULL,
    consumer_group text NOT NULL,
    topic text NOT NULL,
    subject text NOT NULL,
    version bigint NOT NULL,
    deleted boolean NOT NULL,
    PRIMARY KEY (tenant_id, consumer_group, topic, subject)
) WITH (fillfactor = 85);

-- Events that could not be applied, and those of the same tenant that wait behind them.
CREATE TABLE parked_events (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- All zero if the record does not even tell its tenant.
    tenant_id uuid NOT NULL,
    consumer_group text NOT NULL,
    topic text NOT NULL,
    partition integer NOT NULL,
    record_offset bigint NOT NULL,
    -- NULL on state topics, and where the record has none that can be read.
    sequence bigint,
    -- failed | rejected | undecodable | waiting
    reason text NOT NULL,
    error text NOT NULL,
    attempts integer NOT NULL,
    key bytea,
    value bytea,
    header_names text[] NOT NULL,
    header_values bytea[] NOT NULL,
    parked_at timestamptz NOT NULL DEFAULT now(),
    -- redrive | skip, asked for by an operator; the owner of the partition does it.
    request text,
    requested_by text,
    request_note text
);
CREATE UNIQUE INDEX parked_events_sequence
    ON parked_events (tenant_id, consumer_group, topic, sequence) WHERE sequence IS NOT NULL;
CREATE UNIQUE INDEX parked_events_record
    ON parked_events (consumer_group, topic, partition, record_offset) WHERE sequence IS NULL;
CREATE INDEX parked_events_request
    ON parked_events (consumer_group, topic, partition) WHERE request IS NOT NULL;
CREATE INDEX parked_events_recent
    ON parked_events (consumer_group, parked_at) WHERE reason <> 'waiting';

-- What operators did with parked events, and why.
CREATE TABLE parked_audit (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id uuid NOT NULL,
    consumer_group text NOT NULL,
    topic text NOT NULL,
    action text NOT NULL,
    actor text NOT NULL,
    note text NOT NULL,
    detail text NOT NULL,
    happened_at timestamptz NOT NULL DEFAULT now()
);

-- Forward only: dbmate asks for this marker, nothing stands behind it.
-- migrate:down
