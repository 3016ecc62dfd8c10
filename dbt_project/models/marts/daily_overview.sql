{{ config(order_by='(tenant_id, date_day)', tags=['after_attribution']) }}

with facts as (
    select
        tenant_id,
        date_day,
        visits,
        human_visits,
        bot_visits,
        toUInt64(0) as clicks,
        toUInt64(0) as human_clicks,
        toUInt64(0) as bot_clicks,
        spend,
        conversions,
        conversions_value,
        toUInt64(0) as mails_sent,
        toUInt64(0) as entries_read,
        toUInt64(0) as stories_rising
    from {{ ref('channel_daily') }}
    union all
    select
        tenant_id,
        date_day,
        toUInt64(0) as visits,
        toUInt64(0) as human_visits,
        toUInt64(0) as bot_visits,
        clicks,
        human_clicks,
        bot_clicks,
        toDecimal64(0, 6) as spend,
        toFloat64(0) as conversions,
        toDecimal64(0, 4) as conversions_value,
        toUInt64(0) as mails_sent,
        toUInt64(0) as entries_read,
        toUInt64(0) as stories_rising
    from {{ ref('int_link_daily') }}
    union all
    select
        tenant_id,
        occurred_on as date_day,
        toUInt64(0) as visits,
        toUInt64(0) as human_visits,
        toUInt64(0) as bot_visits,
        toUInt64(0) as clicks,
        toUInt64(0) as human_clicks,
        toUInt64(0) as bot_clicks,
        toDecimal64(0, 6) as spend,
        toFloat64(0) as conversions,
        toDecimal64(0, 4) as conversions_value,
        toUInt64(channel = 'smtp' and state = 'sent') as mails_sent,
        toUInt64(0) as entries_read,
        toUInt64(0) as stories_rising
    from {{ ref('stg_deliveries') }}
    union all
    select
        tenant_id,
        toDate(published_at) as date_day,
        toUInt64(0) as visits,
        toUInt64(0) as human_visits,
        toUInt64(0) as bot_visits,
        toUInt64(0) as clicks,
        toUInt64(0) as human_clicks,
        toUInt64(0) as bot_clicks,
        toDecimal64(0, 6) as spend,
        toFloat64(0) as conversions,
        toDecimal64(0, 4) as conversions_value,
        toUInt64(0) as mails_sent,
        toUInt64(1) as entries_read,
        toUInt64(0) as stories_rising
    from {{ ref('stg_feed_entries') }}
    union all
    select
        tenant_id,
        scored_on as date_day,
        toUInt64(0) as visits,
        toUInt64(0) as human_visits,
        toUInt64(0) as bot_visits,
        toUInt64(0) as clicks,
        toUInt64(0) as human_clicks,
        toUInt64(0) as bot_clicks,
        toDecimal64(0, 6) as spend,
        toFloat64(0) as conversions,
        toDecimal64(0, 4) as conversions_value,
        toUInt64(0) as mails_sent,
        toUInt64(0) as entries_read,
        toUInt64(label in ('Rapidly trending', 'Trending')) as stories_rising
    from {{ ref('stg_trend_scores') }}
)

select
    tenant_id,
    date_day,
    toUInt64(sum(visits)) as visits,
    toUInt64(sum(human_visits)) as human_visits,
    toUInt64(sum(bot_visits)) as bot_visits,
    toUInt64(sum(clicks)) as clicks,
    toUInt64(sum(human_clicks)) as human_clicks,
    toUInt64(sum(bot_clicks)) as bot_clicks,
    toDecimal64(sum(spend), 6) as spend,
    sum(conversions) as conversions,
    toDecimal64(sum(conversions_value), 4) as conversions_value,
    toUInt64(sum(mails_sent)) as mails_sent,
    toUInt64(sum(entries_read)) as entries_read,
    toUInt64(sum(stories_rising)) as stories_rising
from facts
group by tenant_id, date_day
