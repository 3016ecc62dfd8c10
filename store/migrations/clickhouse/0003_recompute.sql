-- What today's rules make of events that were shipped under older ones; raw.events stays as it is. Replaced by the day
-- on which the events came in, since that day is over once it is over: an event that arrives late has a day of its own.
-- No deduplication window, on purpose: a day that is computed again unchanged must come back.
create table if not exists raw.renormalised_events
(
    tenant_id Int64,
    event_id String,
    received_at DateTime64(3, 'UTC'),
    occurred_at DateTime64(3, 'UTC'),
    segment String comment 'with position: which record of the edge log, and so which row of raw.events',
    position UInt64,
    site LowCardinality(String),
    referrer_host String,
    referrer_source LowCardinality(String),
    referrer_medium LowCardinality(String),
    search_term String,
    source String,
    medium String,
    campaign String,
    term String,
    content String,
    click_ids Array(Tuple(name LowCardinality(String), value String, seen_at DateTime64(3, 'UTC'))),
    channel LowCardinality(String),
    device LowCardinality(String),
    os LowCardinality(String),
    os_version LowCardinality(String),
    browser LowCardinality(String),
    browser_version LowCardinality(String),
    bot_score UInt8,
    bot_reasons Array(LowCardinality(String)),
    is_bot Bool,
    rules_version UInt16,
    shipped_version UInt16 comment 'the version that stands in raw.events',
    recomputed_at DateTime64(3, 'UTC'),
    run_id String,
    index recomputed recomputed_at type minmax granularity 1
)
engine = MergeTree
partition by toDate(received_at)
order by (tenant_id, received_at, event_id)
ttl toDateTime(received_at) + toIntervalDay(400)
settings enable_block_number_column = 1, enable_block_offset_column = 1;

-- Rows under old rules are looked for every few minutes, and mostly there are none.
alter table raw.events add index if not exists rules rules_version type minmax granularity 1;

alter table raw.events materialize index rules;
