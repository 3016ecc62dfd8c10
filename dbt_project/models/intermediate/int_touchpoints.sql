{{
    config(
        materialized='incremental',
        incremental_strategy='insert_overwrite',
        partition_by='touched_on',
        order_by='(tenant_id, visitor_id, touched_at)',
        pre_hook='{{ forget_builds() }}',
        post_hook="{{ remember_build(model['compiled_code']) }}",
    )
}}

{% set events, visits = ref('stg_events'), ref('int_sessions') %}
{% set as_of = begin_build() %}
{% set by_visits = outdated_days(visits) %}
{% set by_events = outdated_days(events) %}
{% set due = widened(
    by_visits
    + by_events
    + days_of_landings(events, visits, by_events)
    + days_of_lone_clicks(events, visits, by_visits)
    + days_before_change(ref('stg_channel_rules'), among=visits, clock='here')
    + days_before_change(ref('stg_touch_events'), among=events, clock='here')
) %}
{% set days = taken_on(due, visits) %}
{{ building(days, as_of, due) }}

with links as (
    select *
    from {{ ref('stg_links') }}
),

campaigns as (
    select *
    from {{ ref('stg_campaigns') }}
),

sessions as (
    select *
    from {{ visits }}
    {% if builds_days() %}
        where started_on in {{ any_of(days) }}
    {% endif %}
),

-- The landing page may be opened long after its link was followed: clicks are read as far back as credit reaches.
clicks as (
    select
        events.tenant_id as tenant_id,
        events.event_id as click_id,
        events.visitor_id as visitor_id,
        events.occurred_at as occurred_at,
        events.occurred_on as occurred_on,
        events.is_bot as is_bot,
        events.link_id as link_id,
        -- What a link is labelled with decides. A label that is none of the house's channels names a source, of which
        -- the rules have made a channel when they read the click.
        multiIf(
            links.channel = '', '',
            has({{ var('channels') }}, links.channel), links.channel,
            events.channel
        ) as channel,
        if(events.campaign_id != 0, events.campaign_id, links.campaign_id) as campaign_id
    from {{ events }} as events
    left any join links
        on events.tenant_id = links.tenant_id and events.link_id = links.link_id
    where
        events.event = 'click'
        {% if builds_days() %}
            and events.occurred_on >= {{ first_of(days) }} - {{ var('click_days') }}
        {% endif %}
),

visits as (
    select
        sessions.tenant_id as tenant_id,
        sessions.session_id as touchpoint_id,
        'visit' as kind,
        sessions.visitor_id as visitor_id,
        sessions.started_at as touched_at,
        sessions.is_bot as is_bot,
        -- Who comes back from a page of the same site after a pause was brought by nobody.
        multiIf(
            clicks.channel != '', clicks.channel,
            sessions.channel = 'internal', 'direct',
            toString(sessions.channel)
        ) as channel,
        if(clicks.campaign_id != 0, clicks.campaign_id, campaigns.campaign_id) as campaign_id,
        clicks.link_id as link_id,
        sessions.session_id as session_id,
        toString(sessions.source) as source,
        toString(sessions.medium) as medium,
        toString(sessions.campaign) as campaign,
        sessions.referrer_host as referrer_host
    from sessions
    left any join clicks
        on sessions.tenant_id = clicks.tenant_id and sessions.click_id = clicks.click_id
    left any join campaigns
        on sessions.tenant_id = campaigns.tenant_id and sessions.campaign = campaigns.utm_campaign
),

landed as (
    select
        tenant_id,
        click_id
    from {{ ref('int_sessions') }}
    where
        click_id != ''
        {% if builds_days() %}
            and started_on >= {{ first_of(days) }}
        {% endif %}
),

-- A click that led to a visit is that visit; one that led nowhere still touched whoever is known to have clicked.
lone_clicks as (
    select
        clicks.tenant_id as tenant_id,
        clicks.click_id as touchpoint_id,
        'link_click' as kind,
        clicks.visitor_id as visitor_id,
        clicks.occurred_at as touched_at,
        clicks.is_bot as is_bot,
        if(clicks.channel != '', toString(clicks.channel), 'referral') as channel,
        clicks.campaign_id as campaign_id,
        clicks.link_id as link_id,
        '' as session_id,
        '' as source,
        '' as medium,
        '' as campaign,
        '' as referrer_host
    from clicks
    left anti join landed
        on clicks.tenant_id = landed.tenant_id and clicks.click_id = landed.click_id
    where
        clicks.visitor_id != ''
        {% if builds_days() %}
            and clicks.occurred_on in {{ any_of(days) }}
        {% endif %}
),

-- Mails opened, ads seen, calls answered: whatever servers and uploads tell of that touched somebody elsewhere.
told as (
    select
        events.tenant_id as tenant_id,
        events.event_id as touchpoint_id,
        toString(kinds.kind) as kind,
        if(
            events.visitor_id = '' and deliveries.contact_id != 0,
            concat('contact:', toString(deliveries.contact_id)),
            events.visitor_id
        ) as visitor_id,
        events.occurred_at as touched_at,
        events.is_bot as is_bot,
        if(kinds.channel != '', toString(kinds.channel), toString(events.channel)) as channel,
        multiIf(
            events.campaign_id != 0, events.campaign_id,
            deliveries.campaign_id != 0, deliveries.campaign_id,
            campaigns.campaign_id
        ) as campaign_id,
        events.link_id as link_id,
        '' as session_id,
        events.source as source,
        events.medium as medium,
        events.campaign as campaign,
        events.referrer_host as referrer_host
    from {{ events }} as events
    inner join {{ ref('stg_touch_events') }} as kinds on events.event = kinds.event
    left any join {{ readers(events, days) }} as deliveries
        on events.tenant_id = deliveries.tenant_id and events.message_id = deliveries.message_id
    left any join campaigns
        on events.tenant_id = campaigns.tenant_id and events.campaign = campaigns.utm_campaign
    where
        events.event in (select event from {{ ref('stg_touch_events') }})
        -- What a page says of itself proves no mail and no call.
        and events.trust = 'server'
        {% if builds_days() %}
            and events.occurred_on in {{ any_of(days) }}
        {% endif %}
),

touchpoints as (
    select * from visits
    union all
    select * from lone_clicks
    union all
    select * from told
    where visitor_id != ''
),

rules as (
    select arraySort(groupArray((place, tenant, source, medium, campaign, referrer_host, channel))) as ordered
    from {{ ref('stg_channel_rules') }}
),

shops as (
    select
        tenant_id as id,
        slug
    from {{ ref('stg_tenants') }}
),

-- The team's own rules come first; the first one that fits decides.
ruled as (
    select
        touchpoints.*,
        tupleElement(
            arrayFirst(
                rule ->
                rule.2 in ('', shops.slug)
                and match(touchpoints.source, rule.3)
                and match(touchpoints.medium, rule.4)
                and match(touchpoints.campaign, rule.5)
                and match(touchpoints.referrer_host, rule.6),
                rules.ordered
            ),
            7
        ) as ruled_channel
    from touchpoints
    left any join shops on touchpoints.tenant_id = shops.id
    cross join rules
)

select
    tenant_id,
    touchpoint_id,
    toLowCardinality(kind) as kind,
    visitor_id,
    touched_at,
    toDate(touched_at) as touched_on,
    is_bot,
    toLowCardinality(if(ruled_channel = '', channel, ruled_channel)) as channel,
    campaign_id,
    link_id,
    session_id
from ruled
