-- Replaced by day: what each model says of the weeks up to that day, and how sure that is. No deduplication window, on
-- purpose: a day that is computed again unchanged must come back.
create table if not exists raw.attribution_results
(
    tenant_id Int64,
    as_of Date comment 'the last day of the window',
    window_days UInt16,
    goal_id Int64,
    model LowCardinality(String),
    channel LowCardinality(String),
    conversions Float64,
    value Decimal(18, 4),
    share Nullable(Float64) comment 'of the conversions',
    share_low Nullable(Float64),
    share_high Nullable(Float64),
    value_share Nullable(Float64),
    value_share_low Nullable(Float64),
    value_share_high Nullable(Float64),
    removal_effect Nullable(Float64) comment 'what part of the conversions would be lost without the channel, by the Markov models',
    run_id String
)
engine = MergeTree
partition by as_of
order by (tenant_id, as_of, window_days, goal_id, model, channel)
settings enable_block_number_column = 1, enable_block_offset_column = 1;
