-- Replaced by day: what one euro was worth, for everybody, as a central bank said it. No deduplication window, on
-- purpose: a day that is written again unchanged must come back. Days on which nothing was said have no rows.
create table if not exists raw.exchange_rates
(
    rate_on Date,
    currency LowCardinality(String) comment 'ISO 4217',
    per_euro Decimal(18, 8) comment 'how much of the currency one euro bought',
    source LowCardinality(String) comment 'who said so',
    fetched_at DateTime64(3, 'UTC')
)
engine = MergeTree
partition by rate_on
order by (rate_on, currency);
