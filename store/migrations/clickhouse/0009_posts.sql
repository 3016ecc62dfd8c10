-- Replaced by the day on which it was read, a place at a time: networks tell only how a post stands now, so that each day
-- keeps its last reading and a day that is over can never be read again. A row for each post, and one without a post for
-- the place itself, also where nothing stands in it.
create table if not exists raw.posts
(
    tenant_id Int64,
    channel LowCardinality(String),
    network LowCardinality(String),
    place_id String,
    place_name String,
    date_day Date comment 'in UTC, when it was read',
    post_id String comment 'empty in the row of the place',
    post_url String,
    published_at DateTime64(3, 'UTC'),
    beginning String comment 'of its words',
    followers Nullable(Int64) comment 'of the place; all other counters are of a post since it was published',
    impressions Nullable(Int64) comment 'null is what its network does not tell',
    views Nullable(Int64),
    reach Nullable(Int64),
    reactions Nullable(Int64),
    comments Nullable(Int64),
    shares Nullable(Int64),
    saves Nullable(Int64),
    clicks Nullable(Int64),
    video_watch_seconds Nullable(Int64),
    raw String,
    raw_hash String,
    fetched_at DateTime64(3, 'UTC'),
    run_id String
)
engine = MergeTree
partition by toYYYYMM(date_day)
order by (tenant_id, network, place_id, date_day, post_id)
settings enable_block_number_column = 1, enable_block_offset_column = 1;
