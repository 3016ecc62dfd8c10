{{
    config(
        materialized='incremental',
        incremental_strategy='insert_overwrite',
        partition_by='date_day',
        order_by='(tenant_id, channel, campaign_id, link_id, hour)',
        full_refresh=false,
        on_schema_change='append_new_columns',
        pre_hook='{{ forget_builds() }}',
        post_hook="{{ remember_build(model['compiled_code']) }}",
    )
}}

{% set events, visits, touchpoints = ref('stg_events'), ref('int_sessions'), ref('int_touchpoints') %}
{% set deliveries = source('raw', 'deliveries') %}
{% set as_of = begin_build() %}
{% set days = widened(
    outdated_days(events) + outdated_days(touchpoints) + outdated_days(visits) + days_of_deliveries(deliveries)
) %}
{{ building(days, as_of) }}

with sessions as (
    select
        tenant_id,
        session_id,
        page_views
    from {{ visits }}
    {% if builds_days() %}
        where started_on in {{ any_of(days) }}
    {% endif %}
),

-- A visit counts with all its pages in the hour it began, so that pages divide by visits.
visits as (
    select
        touchpoints.tenant_id as tenant_id,
        toStartOfHour(touchpoints.touched_at) as hour,
        toString(touchpoints.channel) as channel,
        touchpoints.campaign_id as campaign_id,
        touchpoints.link_id as link_id,
        'visit' as what,
        touchpoints.is_bot as is_bot,
        touchpoints.visitor_id as visitor_id,
        sessions.page_views as page_views
    from {{ touchpoints }} as touchpoints
    left any join sessions
        on touchpoints.tenant_id = sessions.tenant_id and touchpoints.session_id = sessions.session_id
    where
        touchpoints.kind = 'visit'
        {% if builds_days() %}
            and touchpoints.touched_on in {{ any_of(days) }}
        {% endif %}
),

-- As with visits that links lead to, what a link is labelled with decides.
clicks as (
    select
        events.tenant_id as tenant_id,
        toStartOfHour(events.occurred_at) as hour,
        multiIf(
            links.channel = '', 'referral',
            has({{ var('channels') }}, links.channel), links.channel,
            toString(events.channel)
        ) as channel,
        if(events.campaign_id != 0, events.campaign_id, links.campaign_id) as campaign_id,
        events.link_id as link_id,
        'click' as what,
        events.is_bot as is_bot,
        '' as visitor_id,
        toUInt64(0) as page_views
    from {{ events }} as events
    left any join {{ ref('stg_links') }} as links
        on events.tenant_id = links.tenant_id and events.link_id = links.link_id
    where
        events.event = 'click'
        and events.link_id != 0
        {% if builds_days() %}
            and events.occurred_on in {{ any_of(days) }}
        {% endif %}
),

-- A mail is sent once, however often that is told.
mails as (
    select
        tenant_id,
        action_id,
        step,
        recipient_key,
        occurrence,
        min((occurred_at, campaign_id)) as sent
    from {{ deliveries }}
    where
        channel = 'smtp'
        and state = 'sent'
        {% if builds_days() %}
            and (tenant_id, action_id) in (
                select
                    tenant_id,
                    action_id
                from {{ deliveries }}
                where toDate(occurred_at) in {{ any_of(days) }}
            )
        {% endif %}
    group by tenant_id, action_id, step, recipient_key, occurrence
    {% if builds_days() %}
        having toDate(sent.1) in {{ any_of(days) }}
    {% endif %}
),

facts as (
    select * from visits
    union all
    select * from clicks
    union all
    select
        tenant_id,
        toStartOfHour(mails.sent.1) as hour,
        'email' as channel,
        mails.sent.2 as campaign_id,
        toInt64(0) as link_id,
        'mail' as what,
        false as is_bot,
        '' as visitor_id,
        toUInt64(0) as page_views
    from mails
)

select
    tenant_id,
    hour,
    toDate(hour) as date_day,
    toLowCardinality(channel) as channel,
    campaign_id,
    link_id,
    countIf(what = 'visit') as visits,
    countIf(what = 'visit' and not is_bot) as human_visits,
    countIf(what = 'visit' and is_bot) as bot_visits,
    -- A state that merges over hours and days: who came in two hours is one visitor of the day.
    uniqCombined64StateIf(visitor_id, visitor_id != '' and not is_bot) as human_visitors,
    sumIf(facts.page_views, not is_bot) as human_page_views,
    sumIf(facts.page_views, is_bot) as bot_page_views,
    countIf(what = 'click') as clicks,
    countIf(what = 'click' and not is_bot) as human_clicks,
    countIf(what = 'click' and is_bot) as bot_clicks,
    countIf(what = 'mail') as mails_sent
from facts
group by tenant_id, hour, date_day, channel, campaign_id, link_id
