{{ config(order_by='(tenant_id, link_id)') }}

{% set lately = 'today() - 28' %}
with followed as (
    select
        tenant_id,
        link_id,
        sum(clicks) as clicks,
        sum(human_clicks) as human_clicks,
        sum(bot_clicks) as bot_clicks,
        sum(human_visits) as human_visits,
        uniqCombined64Merge(human_visitors) as human_visitors,
        sumIf(int_hourly.clicks, date_day > {{ lately }}) as clicks_28,
        sumIf(int_hourly.human_clicks, date_day > {{ lately }}) as human_clicks_28,
        sumIf(int_hourly.bot_clicks, date_day > {{ lately }}) as bot_clicks_28,
        sumIf(int_hourly.human_visits, date_day > {{ lately }}) as human_visits_28,
        maxIf(hour, int_hourly.human_clicks > 0) as last_human_click
    from {{ ref('int_hourly') }} as int_hourly
    where link_id != 0
    group by tenant_id, link_id
),

earned as (
    select
        tenant_id,
        link_id,
        sum(conversions) as conversions,
        sum(value) as conversions_value,
        sumIf(int_hourly_conversions.conversions, date_day > {{ lately }}) as conversions_28,
        sumIf(int_hourly_conversions.value, date_day > {{ lately }}) as conversions_value_28
    from {{ ref('int_hourly_conversions') }} as int_hourly_conversions
    where
        link_id != 0
        and (tenant_id, goal_id) in (select tenant_id, goal_id from {{ ref('stg_goals') }} where is_headline)
    group by tenant_id, link_id
)

select
    links.tenant_id as tenant_id,
    links.link_id as link_id,
    links.slug as slug,
    links.target_url as target_url,
    links.campaign_id as campaign_id,
    toBool(links.is_archived) as is_archived,
    followed.clicks as clicks,
    followed.human_clicks as human_clicks,
    followed.bot_clicks as bot_clicks,
    followed.human_visits as human_visits,
    followed.human_visitors as human_visitors,
    toUInt64(earned.conversions) as conversions,
    toDecimal64(earned.conversions_value, 4) as conversions_value,
    followed.clicks_28 as clicks_28,
    followed.human_clicks_28 as human_clicks_28,
    followed.bot_clicks_28 as bot_clicks_28,
    followed.human_visits_28 as human_visits_28,
    toUInt64(earned.conversions_28) as conversions_28,
    toDecimal64(earned.conversions_value_28, 4) as conversions_value_28,
    if(followed.human_clicks = 0, null, toDate(followed.last_human_click)) as last_clicked_on,
    toLowCardinality(tenants.currency) as currency
from {{ ref('stg_links') }} as links
inner join {{ ref('stg_tenants') }} as tenants on links.tenant_id = tenants.tenant_id
left any join followed on links.tenant_id = followed.tenant_id and links.link_id = followed.link_id
left any join earned on links.tenant_id = earned.tenant_id and links.link_id = earned.link_id
