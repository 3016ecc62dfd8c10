{{ config(order_by='(tenant_id, date_day, channel)', tags=['after_attribution']) }}

with headline_goals as (
    select
        tenant_id,
        goal_id
    from {{ ref('stg_goals') }}
    where is_headline
),

-- Whoever asks for no other model gets the project's.
headlines as (
    select
        tenants.tenant_id as tenant_id,
        goals.goal_id as goal_id,
        if(measurement.headline_model = '', '{{ var("headline_model") }}', measurement.headline_model) as model
    from {{ ref('stg_tenants') }} as tenants
    left any join {{ ref('stg_measurement') }} as measurement on tenants.tenant_id = measurement.tenant_id
    left any join headline_goals as goals on tenants.tenant_id = goals.tenant_id
),

facts as (
    select
        tenant_id,
        date_day,
        channel,
        visits,
        human_visits,
        bot_visits,
        toInt64(0) as impressions,
        toInt64(0) as clicks,
        toDecimal64(0, 6) as spend,
        toFloat64(0) as conversions,
        toDecimal64(0, 4) as conversions_value
    from {{ ref('int_visits_daily') }}
    union all
    select
        tenant_id,
        date_day,
        channel,
        toUInt64(0) as visits,
        toUInt64(0) as human_visits,
        toUInt64(0) as bot_visits,
        impressions,
        clicks,
        tenant_spend as spend,
        toFloat64(0) as conversions,
        toDecimal64(0, 4) as conversions_value
    from {{ ref('ad_performance') }}
    union all
    select
        tenant_id,
        date_day,
        channel,
        toUInt64(0) as visits,
        toUInt64(0) as human_visits,
        toUInt64(0) as bot_visits,
        toInt64(0) as impressions,
        toInt64(0) as clicks,
        toDecimal64(0, 6) as spend,
        conversions,
        conversions_value
    from {{ ref('channel_roas') }}
    where (tenant_id, model, goal_id) in (
        select
            tenant_id,
            model,
            goal_id
        from headlines
    )
),

channels as (
    select
        tenant_id,
        date_day,
        channel,
        sum(visits) as total_visits,
        sum(human_visits) as total_human_visits,
        sum(bot_visits) as total_bot_visits,
        sum(impressions) as total_impressions,
        sum(clicks) as total_clicks,
        sum(spend) as total_spend,
        sum(conversions) as total_conversions,
        sum(conversions_value) as total_value
    from facts
    group by tenant_id, date_day, channel
)

select
    channels.tenant_id as tenant_id,
    channels.date_day as date_day,
    toLowCardinality(channels.channel) as channel,
    toLowCardinality(tenants.currency) as currency,
    toUInt64(channels.total_visits) as visits,
    toUInt64(channels.total_human_visits) as human_visits,
    toUInt64(channels.total_bot_visits) as bot_visits,
    channels.total_impressions as impressions,
    channels.total_clicks as clicks,
    {{ ratio('channels.total_clicks', 'channels.total_impressions') }} as ctr,
    toDecimal64(channels.total_spend, 6) as spend,
    channels.total_conversions as conversions,
    toDecimal64(channels.total_value, 4) as conversions_value,
    {{ ratio('channels.total_conversions', 'channels.total_human_visits') }} as cvr,
    {{ ratio('channels.total_spend', 'channels.total_conversions') }} as cpa,
    {{ ratio('channels.total_value', 'channels.total_spend') }} as roas
from channels
inner join {{ ref('stg_tenants') }} as tenants on channels.tenant_id = tenants.tenant_id
