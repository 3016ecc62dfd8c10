{{ config(order_by='(tenant_id, link_id)') }}

{% set lately = 'today() - 28' %}
with followed as (
    select
        tenant_id,
        link_id,
        sum(clicks) as all_clicks,
        sum(human_clicks) as all_human_clicks,
        sum(bot_clicks) as all_bot_clicks,
        sum(human_visits) as all_human_visits,
        uniqCombined64Merge(human_visitors) as human_visitors,
        sumIf(clicks, date_day > {{ lately }}) as late_clicks,
        sumIf(human_clicks, date_day > {{ lately }}) as late_human_clicks,
        sumIf(bot_clicks, date_day > {{ lately }}) as late_bot_clicks,
        sumIf(human_visits, date_day > {{ lately }}) as late_human_visits,
        maxIf(hour, human_clicks > 0) as last_human_click
    from {{ ref('int_hourly') }}
    where link_id != 0
    group by tenant_id, link_id
),

earned as (
    select
        tenant_id,
        link_id,
        sum(conversions) as all_conversions,
        sum(value) as all_value,
        sumIf(conversions, date_day > {{ lately }}) as late_conversions,
        sumIf(value, date_day > {{ lately }}) as late_value
    from {{ ref('int_hourly_conversions') }}
    where
        link_id != 0
        and (tenant_id, goal_id) in (
            select
                tenant_id,
                goal_id
            from {{ ref('stg_goals') }}
            where is_headline
        )
    group by tenant_id, link_id
)

select
    links.tenant_id as tenant_id,
    links.link_id as link_id,
    links.slug as slug,
    links.target_url as target_url,
    links.campaign_id as campaign_id,
    toBool(links.is_archived) as is_archived,
    followed.all_clicks as clicks,
    followed.all_human_clicks as human_clicks,
    followed.all_bot_clicks as bot_clicks,
    followed.all_human_visits as human_visits,
    followed.human_visitors as human_visitors,
    toUInt64(earned.all_conversions) as conversions,
    toDecimal64(earned.all_value, 4) as conversions_value,
    followed.late_clicks as clicks_28,
    followed.late_human_clicks as human_clicks_28,
    followed.late_bot_clicks as bot_clicks_28,
    followed.late_human_visits as human_visits_28,
    toUInt64(earned.late_conversions) as conversions_28,
    toDecimal64(earned.late_value, 4) as conversions_value_28,
    if(followed.all_human_clicks = 0, null, toDate(followed.last_human_click)) as last_clicked_on,
    toLowCardinality(tenants.currency) as currency
from {{ ref('stg_links') }} as links
inner join {{ ref('stg_tenants') }} as tenants on links.tenant_id = tenants.tenant_id
left any join followed on links.tenant_id = followed.tenant_id and links.link_id = followed.link_id
left any join earned on links.tenant_id = earned.tenant_id and links.link_id = earned.link_id
