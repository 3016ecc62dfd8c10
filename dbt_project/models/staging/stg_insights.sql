{{ config(materialized='view') }}

-- Platforms report the same spend once a level, and the levels do not add up to each other. The campaign's
-- figures are the truth; an account that reports no campaigns on a day is taken at the next level it has.
with reported as (
    select * from {{ ref('stg_google_ads') }}
    union all
    select * from {{ ref('stg_meta') }}
    union all
    select * from {{ ref('stg_linkedin') }}
    union all
    select * from {{ ref('stg_tiktok') }}
    union all
    select * from {{ ref('stg_reddit') }}
    union all
    select * from {{ ref('stg_x') }}
),

ranked as (
    select
        *,
        indexOf(['campaign', 'ad_group', 'ad', 'account'], level) as level_rank
    from reported
),

truest as (
    select
        *,
        min(level_rank) over (partition by tenant_id, platform, account_id, date_day) as truest_rank
    from ranked
    where level_rank > 0
)

select
    tenant_id,
    date_day,
    platform,
    account_id,
    account_name,
    campaign_id,
    campaign_name,
    ad_group_id,
    ad_id,
    level,
    upper(currency) as currency,
    impressions,
    clicks,
    toDecimal128(spend_micros, 6) / 1000000 as spend,
    conversions,
    toDecimal128(conversions_value_micros, 6) / 1000000 as conversions_value,
    is_final,
    fetched_at
from truest
where level_rank = truest_rank
