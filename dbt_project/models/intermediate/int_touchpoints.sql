{{
    config(
        materialized='incremental',
        incremental_strategy='insert_overwrite',
        partition_by='touched_on',
        order_by='(tenant_id, visitor_id, touched_at)',
        indexes=[
            {'name': 'received', 'definition': 'received_at type minmax granularity 1'},
            {'name': 'recomputed', 'definition': 'recomputed_at type minmax granularity 1'},
        ],
    )
}}

{% set by_visits = changed_days(ref('int_sessions'), 'started_on', own_day='touched_on') %}
{% set by_clicks = changed_days(ref('stg_events'), 'occurred_on', own_day='touched_on', only="event = 'click'") %}
{% set days = widened(by_visits + by_clicks, back=1, ahead=1) %}
{{ replacing(days) }}

with sessions as (
    select *
    from {{ ref('int_sessions') }}
    {% if is_incremental() %}
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
        events.received_at as received_at,
        events.recomputed_at as recomputed_at,
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
    from {{ ref('stg_events') }} as events
    left any join {{ ref('stg_links') }} as links
        on events.tenant_id = links.tenant_id and events.link_id = links.link_id
    where
        events.event = 'click'
        {% if is_incremental() %}
            and events.occurred_on >= {{ first_of(days) }} - {{ var('attribution_window_days') }}
        {% endif %}
),

visits as (
    select
        sessions.tenant_id as tenant_id,
        sessions.session_id as touchpoint_id,
        'visit' as kind,
        sessions.visitor_id as visitor_id,
        sessions.started_at as touched_at,
        greatest(sessions.received_at, clicks.received_at) as received_at,
        greatest(sessions.recomputed_at, clicks.recomputed_at) as recomputed_at,
        sessions.is_bot as is_bot,
        -- Who comes back from a page of the same site after a pause was brought by nobody.
        multiIf(
            clicks.channel != '', clicks.channel,
            sessions.channel = 'internal', 'direct',
            sessions.channel
        ) as channel,
        if(clicks.campaign_id != 0, clicks.campaign_id, campaigns.campaign_id) as campaign_id,
        clicks.link_id as link_id,
        sessions.session_id as session_id
    from sessions
    left any join clicks
        on sessions.tenant_id = clicks.tenant_id and sessions.click_id = clicks.click_id
    left any join {{ ref('stg_campaigns') }} as campaigns
        on sessions.tenant_id = campaigns.tenant_id and sessions.campaign = campaigns.utm_campaign
),

landed as (
    select
        tenant_id,
        click_id
    from {{ ref('int_sessions') }}
    where
        click_id != ''
        {% if is_incremental() %}
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
        clicks.received_at as received_at,
        clicks.recomputed_at as recomputed_at,
        clicks.is_bot as is_bot,
        if(clicks.channel != '', clicks.channel, 'referral') as channel,
        clicks.campaign_id as campaign_id,
        clicks.link_id as link_id,
        '' as session_id
    from clicks
    left anti join landed
        on clicks.tenant_id = landed.tenant_id and clicks.click_id = landed.click_id
    where clicks.visitor_id != ''
),

touchpoints as (
    select * from visits
    union all
    select * from lone_clicks
)

select
    *,
    toDate(touched_at) as touched_on
from touchpoints
{% if is_incremental() %}
    where touched_on in {{ any_of(days) }}
{% endif %}
