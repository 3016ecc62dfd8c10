{{ config(order_by='(tenant_id, date_day, platform, account_id, campaign_id)') }}

with campaigns as (
    select
        tenant_id,
        date_day,
        platform,
        account_id,
        campaign_id,
        currency as account_currency,
        max(account_name) as account_name,
        max(campaign_name) as campaign_name,
        sum(spend) as spend,
        sum(impressions) as impressions,
        sum(clicks) as clicks,
        sum(conversions) as conversions,
        sum(conversions_value) as conversions_value,
        min(is_final) as is_final
    from {{ ref('stg_insights') }}
    group by tenant_id, date_day, platform, account_id, campaign_id, account_currency
),

priced as (
    select
        campaigns.*,
        tenants.currency as tenant_currency
    from campaigns
    left any join {{ ref('stg_tenants') }} as tenants on campaigns.tenant_id = tenants.tenant_id
),

-- What something costs in the tenant's currency, by the rates of the day it was spent on.
rated as (
    select
        priced.*,
        spent.per_euro as spent_per_euro,
        spent.rate_on as spent_on,
        counted.per_euro as counted_per_euro,
        counted.rate_on as counted_on,
        multiIf(
            priced.account_currency = priced.tenant_currency, toDecimal64(1, 8),
            spent_per_euro > 0
            and counted_per_euro > 0
            and spent_on > priced.date_day - {{ var('rates_hold_days') }}
            and counted_on > priced.date_day - {{ var('rates_hold_days') }},
            toDecimal64(divideDecimal(counted_per_euro, spent_per_euro, 8), 8),
            null
        ) as rate
    from priced
    asof left join {{ ref('stg_exchange_rates') }} as spent
        on priced.account_currency = spent.currency and priced.date_day >= spent.rate_on
    asof left join {{ ref('stg_exchange_rates') }} as counted
        on priced.tenant_currency = counted.currency and priced.date_day >= counted.rate_on
)

select
    campaigns.tenant_id as tenant_id,
    campaigns.date_day as date_day,
    toLowCardinality(campaigns.platform) as platform,
    toLowCardinality(if(platforms.channel = '', 'paid_other', platforms.channel)) as channel,
    campaigns.account_id as account_id,
    campaigns.account_name as account_name,
    campaigns.campaign_id as campaign_id,
    campaigns.campaign_name as campaign_name,
    toLowCardinality(campaigns.account_currency) as currency,
    toDecimal64(campaigns.spend, 6) as spend,
    campaigns.impressions as impressions,
    campaigns.clicks as clicks,
    {{ ratio('campaigns.clicks', 'campaigns.impressions') }} as ctr,
    {{ ratio('campaigns.spend', 'campaigns.clicks') }} as cpc,
    toDecimal64(campaigns.conversions, 6) as conversions,
    {{ ratio('campaigns.spend', 'campaigns.conversions') }} as cpa,
    toDecimal64(campaigns.conversions_value, 6) as conversions_value,
    {{ ratio('campaigns.conversions_value', 'campaigns.spend') }} as roas,
    campaigns.is_final as is_final,
    toLowCardinality(campaigns.tenant_currency) as tenant_currency,
    campaigns.rate as rate,
    -- Two currencies are never added up: what there is no rate for counts nowhere, and a test says so.
    toDecimal64(
        coalesce(round(multiplyDecimal(toDecimal64(campaigns.spend, 6), assumeNotNull(campaigns.rate), 8), 6), 0), 6
    ) as tenant_spend
from rated as campaigns
left any join {{ ref('ad_platforms') }} as platforms on campaigns.platform = platforms.platform
