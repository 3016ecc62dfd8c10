{{ config(order_by='(tenant_id, date_day, campaign_id)') }}

with campaigns as (
    select *
    from {{ ref('stg_campaigns') }}
),

by_name as (
    select
        tenant_id,
        lower(utm_campaign) as platform_name,
        min(campaign_id) as campaign_id
    from campaigns
    where utm_campaign != ''
    group by tenant_id, platform_name
),

headline_goals as (
    select
        tenant_id,
        goal_id
    from {{ ref('stg_goals') }}
    where is_headline
),

traffic as (
    select
        tenant_id,
        date_day,
        campaign_id,
        sum(visits) as visits,
        sum(human_visits) as human_visits,
        sum(bot_visits) as bot_visits,
        uniqCombined64Merge(human_visitors) as human_visitors,
        sum(clicks) as link_clicks,
        sum(human_clicks) as human_link_clicks,
        sum(mails_sent) as mails_sent
    from {{ ref('int_hourly') }}
    group by tenant_id, date_day, campaign_id
),

-- By the last touch: what the other models say of campaigns is asked of the paths.
earned as (
    select
        tenant_id,
        date_day,
        campaign_id,
        sum(conversions) as conversions,
        sum(value) as conversions_value
    from {{ ref('int_hourly_conversions') }}
    where (tenant_id, goal_id) in (
        select
            tenant_id,
            goal_id
        from headline_goals
    )
    group by tenant_id, date_day, campaign_id
),

advertised as (
    select
        performance.tenant_id as tenant_id,
        performance.date_day as date_day,
        by_name.campaign_id as campaign_id,
        if(by_name.campaign_id = 0, performance.campaign_name, '') as platform_campaign,
        sum(performance.impressions) as impressions,
        sum(performance.clicks) as clicks,
        sum(performance.tenant_spend) as spend
    from {{ ref('ad_performance') }} as performance
    left any join by_name
        on performance.tenant_id = by_name.tenant_id and lower(performance.campaign_name) = by_name.platform_name
    group by tenant_id, date_day, campaign_id, platform_campaign
),

facts as (
    select
        tenant_id,
        date_day,
        campaign_id,
        '' as platform_campaign,
        visits,
        human_visits,
        bot_visits,
        human_visitors,
        link_clicks,
        human_link_clicks,
        mails_sent,
        toInt64(0) as impressions,
        toInt64(0) as clicks,
        toDecimal64(0, 6) as spend,
        toInt64(0) as conversions,
        toDecimal64(0, 4) as conversions_value
    from traffic
    union all
    select
        tenant_id,
        date_day,
        campaign_id,
        '' as platform_campaign,
        toUInt64(0) as visits,
        toUInt64(0) as human_visits,
        toUInt64(0) as bot_visits,
        toUInt64(0) as human_visitors,
        toUInt64(0) as link_clicks,
        toUInt64(0) as human_link_clicks,
        toUInt64(0) as mails_sent,
        toInt64(0) as impressions,
        toInt64(0) as clicks,
        toDecimal64(0, 6) as spend,
        toInt64(conversions) as conversions,
        toDecimal64(conversions_value, 4) as conversions_value
    from earned
    union all
    select
        tenant_id,
        date_day,
        campaign_id,
        platform_campaign,
        toUInt64(0) as visits,
        toUInt64(0) as human_visits,
        toUInt64(0) as bot_visits,
        toUInt64(0) as human_visitors,
        toUInt64(0) as link_clicks,
        toUInt64(0) as human_link_clicks,
        toUInt64(0) as mails_sent,
        impressions,
        clicks,
        toDecimal64(spend, 6) as spend,
        toInt64(0) as conversions,
        toDecimal64(0, 4) as conversions_value
    from advertised
),

days as (
    select
        tenant_id,
        date_day,
        campaign_id,
        platform_campaign,
        sum(visits) as visits,
        sum(human_visits) as human_visits,
        sum(bot_visits) as bot_visits,
        sum(human_visitors) as human_visitors,
        sum(link_clicks) as link_clicks,
        sum(human_link_clicks) as human_link_clicks,
        sum(mails_sent) as mails_sent,
        sum(impressions) as impressions,
        sum(clicks) as clicks,
        sum(spend) as spend,
        sum(conversions) as conversions,
        sum(conversions_value) as conversions_value
    from facts
    group by tenant_id, date_day, campaign_id, platform_campaign
)

select
    days.tenant_id as tenant_id,
    days.date_day as date_day,
    days.campaign_id as campaign_id,
    if(days.campaign_id = 0, days.platform_campaign, campaigns.name) as campaign_name,
    toBool(days.campaign_id = 0 and days.platform_campaign != '') as is_platforms_own,
    toLowCardinality(tenants.currency) as currency,
    days.visits as visits,
    days.human_visits as human_visits,
    days.bot_visits as bot_visits,
    days.human_visitors as human_visitors,
    days.link_clicks as link_clicks,
    days.human_link_clicks as human_link_clicks,
    days.mails_sent as mails_sent,
    days.impressions as impressions,
    days.clicks as clicks,
    {{ ratio('days.clicks', 'days.impressions') }} as ctr,
    toDecimal64(days.spend, 6) as spend,
    days.conversions as conversions,
    toDecimal64(days.conversions_value, 4) as conversions_value,
    {{ ratio('days.conversions', 'days.human_visits') }} as cvr,
    {{ ratio('days.spend', 'days.conversions') }} as cpa,
    {{ ratio('days.conversions_value', 'days.spend') }} as roas
from days
inner join {{ ref('stg_tenants') }} as tenants on days.tenant_id = tenants.tenant_id
left any join campaigns on days.tenant_id = campaigns.tenant_id and days.campaign_id = campaigns.campaign_id
