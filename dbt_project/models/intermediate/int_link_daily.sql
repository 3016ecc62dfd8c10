{{
    config(
        materialized='incremental',
        incremental_strategy='insert_overwrite',
        partition_by='date_day',
        order_by='(tenant_id, link_id, date_day)',
    )
}}

{% set days = changed_days(ref('stg_events'), 'occurred_on', own_day='date_day', only="event = 'click'") %}
{{ replacing(days) }}

with clicks as (
    select
        events.tenant_id as tenant_id,
        events.occurred_on as date_day,
        events.event_id as click_id,
        events.link_id as link_id,
        -- The click names the variant it led to, or the link carries one; as with campaigns.
        if(events.variant_id != 0, events.variant_id, variants.variant_id) as variant_id,
        if(events.campaign_id != 0, events.campaign_id, links.campaign_id) as campaign_id,
        events.is_bot as is_bot,
        events.recomputed_at as recomputed_at
    from {{ ref('stg_events') }} as events
    left any join {{ ref('stg_links') }} as links
        on events.tenant_id = links.tenant_id and events.link_id = links.link_id
    left any join {{ ref('stg_variants') }} as variants
        on events.tenant_id = variants.tenant_id and events.link_id = variants.link_id
    where
        events.event = 'click'
        and events.link_id != 0
        {% if is_incremental() %}
            and events.occurred_on in {{ any_of(days) }}
        {% endif %}
),

-- The redirector sees no visitor's id. Who clicked is known by the visit that the click led to.
landed as (
    select
        tenant_id,
        click_id,
        visitor_id
    from {{ ref('stg_events') }}
    where
        event = 'page_view'
        and click_id != ''
        and visitor_id != ''
        and not is_bot
        {% if is_incremental() %}
            and occurred_on in {{ any_of(widened(days, ahead=1)) }}
        {% endif %}
)

select
    clicks.tenant_id as tenant_id,
    clicks.date_day as date_day,
    clicks.link_id as link_id,
    clicks.variant_id as variant_id,
    clicks.campaign_id as campaign_id,
    count() as clicks,
    countIf(not clicks.is_bot) as human_clicks,
    countIf(clicks.is_bot) as bot_clicks,
    uniqExactIf(landed.visitor_id, not clicks.is_bot and landed.visitor_id != '') as human_visitors,
    max(clicks.recomputed_at) as recomputed_at
from clicks
left any join landed
    on clicks.tenant_id = landed.tenant_id and clicks.click_id = landed.click_id
group by tenant_id, date_day, link_id, variant_id, campaign_id
