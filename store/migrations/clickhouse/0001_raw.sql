create database if not exists raw;

create database if not exists staging;

create database if not exists intermediate;

create database if not exists marts;

-- Append-only: what the edge took in. Copies of a retried load are refused by their token; copies that a
-- client sent twice are removed in staging by (tenant_id, event_id).
create table if not exists raw.events
(
    tenant_id Int64,
    event_id String,
    event LowCardinality(String),
    received_at DateTime64(3, 'UTC'),
    occurred_at DateTime64(3, 'UTC'),
    trust LowCardinality(String) comment 'untrusted, browser or server: what the key allows',
    consent LowCardinality(String) comment 'granted, denied or unknown, as decided at the edge',
    sid String comment 'the pixel''s anonymous id; empty when consent is denied',
    user_id String,
    url String,
    referrer String,
    utm_source String,
    utm_medium String,
    utm_campaign String,
    click_id String comment 'mp_cid: the short link''s click that led here',
    link_id Int64 default 0,
    campaign_id Int64 default 0,
    value Nullable(Decimal(18, 4)),
    currency LowCardinality(String),
    props String comment 'JSON object',
    ip String comment 'shortened before it was written',
    user_agent String,
    is_bot Bool,
    segment String comment 'edge log segment and record, for tracing an event back'
)
engine = MergeTree
partition by toYYYYMM(received_at)
order by (tenant_id, event, received_at, event_id)
ttl toDateTime(received_at) + toIntervalDay(400)
settings non_replicated_deduplication_window = 100000;

-- Append-only: what the edge refused, with the reason and the head of the payload.
create table if not exists raw.rejected
(
    received_at DateTime64(3, 'UTC'),
    tenant_id Int64 default 0 comment '0 where no tenant could be told',
    reason LowCardinality(String),
    detail String,
    topic LowCardinality(String),
    payload String,
    segment String
)
engine = MergeTree
partition by toYYYYMM(received_at)
order by (tenant_id, reason, received_at)
ttl toDateTime(received_at) + toIntervalDay(90)
settings non_replicated_deduplication_window = 100000;

-- Append-only: one row for each outcome of a delivery.
create table if not exists raw.deliveries
(
    tenant_id Int64,
    action_id Int64,
    version UInt32,
    step UInt32,
    recipient_key String,
    occurrence UInt32,
    campaign_id Int64 default 0,
    channel LowCardinality(String),
    state LowCardinality(String),
    outcome String,
    message_id String,
    occurred_at DateTime64(3, 'UTC'),
    run_id String
)
engine = MergeTree
partition by toYYYYMM(occurred_at)
order by (tenant_id, action_id, recipient_key, occurred_at)
settings non_replicated_deduplication_window = 100000;

-- Replaced by day: ad platforms restate, rows may vanish. No deduplication window, on purpose:
-- a day that is deleted and inserted again unchanged must come back. The block columns let a deletion be a
-- small patch; without them each one rewrites every part of the table.
create table if not exists raw.insights
(
    tenant_id Int64,
    platform LowCardinality(String),
    account_id String,
    account_name String,
    account_timezone LowCardinality(String),
    level LowCardinality(String),
    campaign_id String,
    campaign_name String,
    ad_group_id String,
    ad_group_name String,
    ad_id String,
    ad_name String,
    date_day Date,
    currency LowCardinality(String),
    impressions Int64,
    clicks Int64,
    all_clicks Int64,
    spend_micros Int64,
    conversions Decimal(18, 6),
    conversions_value_micros Int64,
    view_through_conversions Int64,
    attribution_setting LowCardinality(String) default '',
    conversion_definition LowCardinality(String) default '',
    is_final Bool,
    raw String,
    raw_hash String,
    fetched_at DateTime64(3, 'UTC'),
    run_id String
)
engine = MergeTree
partition by date_day
order by (tenant_id, platform, account_id, level, date_day, campaign_id, ad_group_id, ad_id)
settings enable_block_number_column = 1, enable_block_offset_column = 1;

-- Append-only: a row for each version of a feed's entry.
create table if not exists raw.feed_entries
(
    tenant_id Int64,
    feed_id Int64,
    entry_id String,
    content_hash String,
    title String,
    link String,
    summary String,
    author String,
    published_at DateTime64(3, 'UTC') comment 'never after first_seen_at',
    first_seen_at DateTime64(3, 'UTC'),
    run_id String
)
engine = MergeTree
partition by toYYYYMM(first_seen_at)
order by (tenant_id, feed_id, entry_id, first_seen_at)
settings non_replicated_deduplication_window = 100000;

-- Replaced by day.
create table if not exists raw.trend_scores
(
    tenant_id Int64,
    as_of DateTime('UTC'),
    story_id String,
    title String,
    link String,
    recent UInt64 comment 'mentions in the last 24 hours',
    before UInt64 comment 'mentions in the 24 to 72 hours before',
    velocity Float64,
    label LowCardinality(String),
    is_new Bool,
    run_id String
)
engine = MergeTree
partition by toDate(as_of)
order by (tenant_id, as_of, story_id)
settings enable_block_number_column = 1, enable_block_offset_column = 1;

-- Replaced by day: who is credited with the conversions of that day.
create table if not exists raw.attribution_credits
(
    tenant_id Int64,
    date_day Date,
    model LowCardinality(String),
    channel LowCardinality(String),
    conversions Float64,
    value Decimal(18, 4),
    run_id String
)
engine = MergeTree
partition by date_day
order by (tenant_id, date_day, model, channel)
settings enable_block_number_column = 1, enable_block_offset_column = 1;

-- Append-only: what the bandit believed at each update.
create table if not exists raw.bandit_states
(
    tenant_id Int64,
    experiment_id Int64,
    variant_id Int64,
    as_of DateTime64(3, 'UTC'),
    trials UInt64,
    successes UInt64,
    alpha Float64,
    beta Float64,
    probability_best Float64,
    weight Float64,
    run_id String
)
engine = MergeTree
partition by toYYYYMM(as_of)
order by (tenant_id, experiment_id, as_of, variant_id)
settings non_replicated_deduplication_window = 10000;
