{{ config(order_by='(tenant_id, date_day, platform, account_id, campaign_id)') }}

with campaigns as (
    select
        tenant_id,
        date_day,
        platform,
        account_id,
        campaign_id,
        currency,
        max(account_name) as account_name,
        max(campaign_name) as campaign_name,
        sum(spend) as spend,
        sum(impressions) as impressions,
        sum(clicks) as clicks,
        sum(conversions) as conversions,
        sum(conversions_value) as conversions_value,
        min(is_final) as is_final
    from {{ ref('stg_insights') }}
    group by tenant_id, date_day, platform, account_id, campaign_id, currency
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
    toLowCardinality(campaigns.currency) as currency,
    toDecimal64(campaigns.spend, 6) as spend,
    campaigns.impressions as impressions,
    campaigns.clicks as clicks,
    {{ ratio('campaigns.clicks', 'campaigns.impressions') }} as ctr,
    {{ ratio('campaigns.spend', 'campaigns.clicks') }} as cpc,
    toDecimal64(campaigns.conversions, 6) as conversions,
    {{ ratio('campaigns.spend', 'campaigns.conversions') }} as cpa,
    toDecimal64(campaigns.conversions_value, 6) as conversions_value,
    {{ ratio('campaigns.conversions_value', 'campaigns.spend') }} as roas,
    campaigns.is_final as is_final
from campaigns
left any join {{ ref('ad_platforms') }} as platforms on campaigns.platform = platforms.platform
