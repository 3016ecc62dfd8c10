-- When a row came into ClickHouse, which an outage may set long after it was received: the warehouse looks for what is
-- new by this. What is here already counts as loaded when it was received.
alter table raw.events add column if not exists loaded_at DateTime64(3, 'UTC') default received_at;

alter table raw.events materialize column loaded_at;

alter table raw.events modify column loaded_at DateTime64(3, 'UTC') default now64(3, 'UTC');

alter table raw.events add index if not exists loaded loaded_at type minmax granularity 1;

alter table raw.events materialize index loaded;

-- What happened on a day weeks ago is found without reading all that came in since.
alter table raw.events add index if not exists occurred occurred_at type minmax granularity 1;

alter table raw.events materialize index occurred;

-- The ledger of builds: up to which moment each day of each model is built. A later model builds a day again when
-- what it reads of it was built after its own. The last word on a day counts, also one that takes it back; the day
-- 1970-01-01 stands for all that a model looks for.
create table if not exists intermediate.builds
(
    model LowCardinality(String),
    day Date,
    built_at DateTime64(6, 'UTC'),
    noted_at DateTime64(6, 'UTC') default now64(6, 'UTC')
)
engine = ReplacingMergeTree(noted_at)
order by (model, day);

-- Whom a message went to: what a mail server tells of a message is told of its reader.
alter table raw.deliveries
    add column if not exists contact_id Int64 default 0 after recipient_key,
    add index if not exists message message_id type bloom_filter granularity 1;

alter table raw.deliveries materialize index message;
