-- What the migrations make, to be read. Written by `make schema`; do not edit.

CREATE TABLE consumer_offsets (
    consumer_group text NOT NULL,
    topic text NOT NULL,
    partition integer NOT NULL,
    next_offset bigint NOT NULL DEFAULT 0,
    epoch bigint NOT NULL DEFAULT 0,
    owner text NOT NULL,
    claimed_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT consumer_offsets_pkey PRIMARY KEY (consumer_group, topic, partition)
) WITH (fillfactor=50);

CREATE TABLE inbox (
    tenant_id uuid NOT NULL,
    consumer_group text NOT NULL,
    topic text NOT NULL,
    last bigint NOT NULL,
    last_event_id text,
    CONSTRAINT inbox_pkey PRIMARY KEY (tenant_id, consumer_group, topic)
) WITH (fillfactor=50);

CREATE TABLE inbox_versions (
    tenant_id uuid NOT NULL,
    consumer_group text NOT NULL,
    topic text NOT NULL,
    subject text NOT NULL,
    version bigint NOT NULL,
    deleted boolean NOT NULL,
    deleted_at timestamptz,
    CONSTRAINT inbox_versions_pkey PRIMARY KEY (tenant_id, consumer_group, topic, subject)
) WITH (fillfactor=85);
CREATE INDEX inbox_versions_deleted ON inbox_versions USING btree (deleted_at) WHERE deleted_at IS NOT NULL;

CREATE TABLE outbox (
    id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    tenant_id uuid NOT NULL,
    bucket smallint NOT NULL GENERATED ALWAYS AS (((hashtext((tenant_id)::text) & 63))::smallint) STORED,
    topic text NOT NULL,
    event_id uuid NOT NULL,
    type text NOT NULL,
    subject text NOT NULL,
    occurred_at timestamptz NOT NULL,
    data bytea,
    version bigint,
    correlation_id text,
    traceparent text,
    sequence bigint,
    sent_at timestamptz,
    CONSTRAINT outbox_pkey PRIMARY KEY (id)
) WITH (fillfactor=85, autovacuum_vacuum_scale_factor=0.02);
CREATE INDEX outbox_waiting ON outbox USING btree (tenant_id, topic, id) WHERE sent_at IS NULL;

CREATE TABLE outbox_blocked (
    tenant_id uuid NOT NULL,
    topic text NOT NULL,
    outbox_id bigint NOT NULL,
    reason text NOT NULL,
    blocked_at timestamptz NOT NULL DEFAULT now(),
    retry_at timestamptz NOT NULL,
    CONSTRAINT outbox_blocked_pkey PRIMARY KEY (tenant_id, topic)
);

CREATE TABLE outbox_sequences (
    tenant_id uuid NOT NULL,
    topic text NOT NULL,
    last bigint NOT NULL,
    CONSTRAINT outbox_sequences_pkey PRIMARY KEY (tenant_id, topic)
);

CREATE TABLE parked_audit (
    id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    tenant_id uuid NOT NULL,
    consumer_group text NOT NULL,
    topic text NOT NULL,
    action text NOT NULL,
    actor text NOT NULL,
    note text NOT NULL,
    detail text NOT NULL,
    happened_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT parked_audit_pkey PRIMARY KEY (id)
);

CREATE TABLE parked_events (
    id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    tenant_id uuid NOT NULL,
    consumer_group text NOT NULL,
    topic text NOT NULL,
    partition integer NOT NULL,
    record_offset bigint NOT NULL,
    sequence bigint,
    reason text NOT NULL,
    error text NOT NULL,
    attempts integer NOT NULL,
    key bytea,
    value bytea,
    header_names text[] NOT NULL,
    header_values bytea[] NOT NULL,
    parked_at timestamptz NOT NULL DEFAULT now(),
    request text,
    requested_by text,
    request_note text,
    subject text,
    CONSTRAINT parked_events_pkey PRIMARY KEY (id)
);
CREATE INDEX parked_events_recent ON parked_events USING btree (consumer_group, parked_at) WHERE reason <> 'waiting'::text;
CREATE UNIQUE INDEX parked_events_record ON parked_events USING btree (consumer_group, topic, partition, record_offset) WHERE sequence IS NULL;
CREATE INDEX parked_events_request ON parked_events USING btree (consumer_group, topic, partition) WHERE request IS NOT NULL;
CREATE UNIQUE INDEX parked_events_sequence ON parked_events USING btree (tenant_id, consumer_group, topic, sequence) WHERE sequence IS NOT NULL;
CREATE INDEX parked_events_subject ON parked_events USING btree (tenant_id, consumer_group, topic, subject, sequence) WHERE subject IS NOT NULL;
