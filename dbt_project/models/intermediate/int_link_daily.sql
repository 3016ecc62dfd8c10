{{
    config(
        materialized='incremental',
        incremental_strategy='insert_overwrite',
        partition_by='date_day',
        order_by='(tenant_id, link_id, date_day)',
        pre_hook='{{ forget_builds() }}',
        post_hook="{{ remember_build(model['compiled_code']) }}",
    )
}}

{% set as_of = begin_build() %}
-- Who clicked is known by the visit, which may begin after midnight.
{% set days = outdated_days(ref('stg_events'), back=1) %}
{{ building(days, as_of) }}

with clicks as (
    select
        events.tenant_id as tenant_id,
        events.occurred_on as date_day,
        events.event_id as click_id,
        events.link_id as link_id,
        -- The click names the variant it led to, or the link carries one; as with campaigns.
        if(events.variant_id != 0, events.variant_id, variants.variant_id) as variant_id,
        if(events.campaign_id != 0, events.campaign_id, links.campaign_id) as campaign_id,
        events.is_bot as is_bot
    from {{ ref('stg_events') }} as events
    left any join {{ ref('stg_links') }} as links
        on events.tenant_id = links.tenant_id and events.link_id = links.link_id
    left any join {{ ref('stg_variants') }} as variants
        on events.tenant_id = variants.tenant_id and events.link_id = variants.link_id
    where
        events.event = 'click'
        and events.link_id != 0
        {% if builds_days() %}
            and events.occurred_on in {{ any_of(days) }}
        {% endif %}
),

-- The redirector sees no visitor's id. Who clicked is known by the visit that the click led to.
landed as (
    select
        tenant_id,
        click_id,
        groupUniqArray((occurred_on, visitor_id)) as visits
    from {{ ref('stg_events') }}
    where
        event = 'page_view'
        and click_id != ''
        and visitor_id != ''
        and not is_bot
        {% if builds_days() %}
            and occurred_on in {{ any_of(widened(days, ahead=1)) }}
        {% endif %}
    group by tenant_id, click_id
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
    uniqExactArrayIf(
        arrayMap(
            visit -> visit.2,
            arrayFilter(visit -> visit.1 between clicks.date_day and clicks.date_day + 1, landed.visits)
        ),
        not clicks.is_bot
    ) as human_visitors
from clicks
left any join landed
    on clicks.tenant_id = landed.tenant_id and clicks.click_id = landed.click_id
group by tenant_id, date_day, link_id, variant_id, campaign_id
