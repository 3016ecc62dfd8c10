-- Replaced by the day, a group of links at a time: what another house counts of a day that is just over still grows. A row for
-- each day on which somebody followed a link; no row is no clicks.
create table if not exists raw.link_clicks
(
    tenant_id Int64,
    channel LowCardinality(String),
    group_id String comment 'who owns the link there',
    group_name String,
    link_id String,
    link String comment 'the whole address that people follow',
    long_url String comment 'where it leads',
    title String,
    created_at DateTime64(3, 'UTC') comment 'when the link was made',
    date_day Date comment 'in UTC',
    clicks UInt64 comment 'as that house counts them',
    raw String,
    raw_hash String,
    fetched_at DateTime64(3, 'UTC'),
    run_id String
)
engine = MergeTree
partition by toYYYYMM(date_day)
order by (tenant_id, channel, group_id, date_day, link_id)
settings enable_block_number_column = 1, enable_block_offset_column = 1;
