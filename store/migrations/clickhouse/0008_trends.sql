-- Append-only: how each reading of a feed went.
create table if not exists raw.feed_readings
(
    tenant_id Int64,
    feed_id Int64,
    read_at DateTime64(3, 'UTC'),
    outcome LowCardinality(String) comment 'read, unchanged, or why it failed',
    entries UInt32 comment 'entries that the feed shows',
    stored UInt32 comment 'entries that were new or had changed',
    bytes UInt64,
    took_ms UInt32,
    run_id String
)
engine = MergeTree
partition by toYYYYMM(read_at)
order by (tenant_id, feed_id, read_at)
ttl toDateTime(read_at) + interval 90 day
settings non_replicated_deduplication_window = 100000;

-- Append-only: which story an entry belongs to, and since when that is known. The last row of an entry up to a moment is what
-- was known then; one that names another story than before is a split or a merge.
create table if not exists raw.story_members
(
    tenant_id Int64,
    feed_id Int64,
    entry_id String,
    story_id String,
    from_story_id String comment 'the story it belonged to before, if there is one',
    why LowCardinality(String) comment 'same address, same words, alone, merged or split',
    likeness Float32 comment 'to the entry by which it was found, from 0 to 1',
    topic LowCardinality(String) comment 'of the feed, as it was when the entry was assigned',
    weight Float32 comment 'of the feed, as it was when the entry was assigned',
    published_at DateTime64(3, 'UTC') comment 'when it mentions the story: never after it was first seen',
    assigned_at DateTime64(3, 'UTC') comment 'since when this is known',
    run_id String
)
engine = MergeTree
partition by toYYYYMM(assigned_at)
order by (tenant_id, feed_id, entry_id, assigned_at)
settings non_replicated_deduplication_window = 100000;

alter table raw.trend_scores
    add column if not exists topics Array(LowCardinality(String)) after link,
    add column if not exists sources UInt64 comment 'distinct feeds that mention it within 72 hours' after topics,
    add column if not exists reach Float64 comment 'the weights of those feeds, added up' after sources,
    add column if not exists rate_ratio Nullable(Float64) comment 'mentions an hour, recent to before; none where nothing came before' after is_new,
    add column if not exists rate_low Float64 comment 'the rate ratio is at least this, 19 times out of 20' after rate_ratio,
    add column if not exists rate_high Nullable(Float64) after rate_low,
    add column if not exists p_value Float64 comment 'how likely such a difference is if nothing has changed' after rate_high,
    add column if not exists certainty LowCardinality(String) comment 'sure, not yet sure or slowing down: what the interval says' after p_value,
    add column if not exists first_mentioned_at DateTime64(3, 'UTC') after certainty;

-- Replaced by day: how unusual each hour of a topic is.
create table if not exists raw.topic_scores
(
    tenant_id Int64,
    as_of DateTime('UTC') comment 'the end of the hour',
    topic String,
    mentions UInt64,
    expected Nullable(Float64) comment 'none where too little was seen before',
    z Nullable(Float64) comment 'how far from what was expected, of this hour or of it and the one before, in standard deviations',
    is_burst Bool,
    is_alarm Bool comment 'the first burst after a day without',
    run_id String
)
engine = MergeTree
partition by toDate(as_of)
order by (tenant_id, as_of, topic)
settings enable_block_number_column = 1, enable_block_offset_column = 1;

-- Replaced by day: what a marketer is shown of a day, by topic, best first.
create table if not exists raw.trend_digests
(
    tenant_id Int64,
    day Date,
    topic String comment 'empty for all topics together',
    place UInt16,
    as_of DateTime('UTC') comment 'the moment of the scores it was made from',
    story_id String,
    title String,
    link String,
    sources Array(Tuple(feed_id Int64, name String, title String, link String, published_at DateTime64(3, 'UTC'))),
    course Array(UInt32) comment 'mentions in each of the last 72 hours, oldest first',
    recent UInt64,
    before UInt64,
    reach Float64,
    velocity Float64,
    label LowCardinality(String),
    is_new Bool,
    rate_ratio Nullable(Float64),
    rate_low Float64,
    rate_high Nullable(Float64),
    p_value Float64,
    certainty LowCardinality(String),
    because String comment 'why it is here, in a sentence',
    resembles_story_id String comment 'the story of the past that is most like it, if one is',
    resembles_title String,
    resembles_on Nullable(Date),
    resembles_likeness Float32,
    run_id String
)
engine = MergeTree
partition by day
order by (tenant_id, day, topic, place)
settings enable_block_number_column = 1, enable_block_offset_column = 1;
