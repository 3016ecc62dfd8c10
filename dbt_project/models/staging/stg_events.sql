{{
    config(
        materialized='incremental',
        incremental_strategy='insert_overwrite',
        partition_by='occurred_on',
        order_by='(tenant_id, event, occurred_at, event_id)',
        pre_hook='{{ forget_builds() }}',
        post_hook="{{ remember_build(model['compiled_code']) }}",
    )
}}

{% set shipped, recomputed = source('raw', 'events'), source('raw', 'renormalised_events') %}
{% set as_of = begin_build() %}
{% set arrived = arrived_days(shipped) %}
{% set days = widened(arrived + days_of_copies(shipped, arrived) + outdated_days(recomputed, among=this)) %}
{% set is_recomputed = were_recomputed(days) %}
{{ building(days if is_incremental() else 'all', as_of) }}

with received as (
    select
        *,
        toDate(occurred_at) as occurred_on
    from {{ shipped }}
    {% if is_incremental() %}
        -- Nothing is received before the day it occurred on, which lets whole months be skipped.
        where toDate(occurred_at) in {{ any_of(days) }} and received_at >= {{ first_of(days) }} - 1
    {% endif %}
),

ids as (
    select
        tenant_id,
        event_id,
        toDate(occurred_at) as occurred_on,
        (received_at, segment, position) as receipt
    from {{ shipped }}
    {% if is_incremental() %}
        where
            toDate(occurred_at) in {{ any_of(copy_days(days)) }}
            and received_at >= {{ first_of(copy_days(days)) }} - 1
    {% endif %}
),

-- Copies are rare: only the events that may have some are remembered while the rest streams past.
met_twice as (
    select cityHash64(tenant_id, event_id) as id_hash
    from ids
    group by id_hash
    having count() > 1
),

copied as (
    select
        tenant_id,
        event_id,
        groupArray((occurred_on, receipt)) as copies
    from ids
    where cityHash64(tenant_id, event_id) in (select id_hash from met_twice)
    group by tenant_id, event_id
    having count() > 1
),

-- The first copy to be received stands, among those that happened about the same time.
events as (
    select received.*
    from received
    left any join copied
        on received.tenant_id = copied.tenant_id and received.event_id = copied.event_id
    where
        not arrayExists(
            copy ->
            copy.2 < (received.received_at, received.segment, received.position)
            and abs(copy.1 - received.occurred_on) <= {{ var('copies_within_days') }},
            copied.copies
        )
)

select
    events.tenant_id as tenant_id,
    events.event_id as event_id,
    events.event as event,
    events.occurred_at as occurred_at,
    events.occurred_on as occurred_on,
    events.received_at as received_at,
    events.trust as trust,
    events.consent as consent,
    multiIf(
        events.sid != '', events.sid,
        events.user_id != '', concat('user:', events.user_id),
        contact_id != '', concat('contact:', contact_id),
        ''
    ) as visitor_id,
    events.sid as sid,
    events.user_id as user_id,
    -- Only the team's own servers know whom a contact's number stands for.
    if(events.trust = 'server', {{ id_in('events.props', 'contact_id') }}, '') as contact_id,
    if(events.trust = 'server', JSONExtractString(events.props, 'message_id'), '') as message_id,
    events.url as url,
    path(events.url) as page_path,
    {{ by_newest_rules('site', is_recomputed) }} as site,
    {{ by_newest_rules('referrer_host', is_recomputed) }} as referrer_host,
    {{ by_newest_rules('referrer_source', is_recomputed) }} as referrer_source,
    {{ by_newest_rules('referrer_medium', is_recomputed) }} as referrer_medium,
    {{ by_newest_rules('search_term', is_recomputed) }} as search_term,
    {{ by_newest_rules('source', is_recomputed) }} as source,
    {{ by_newest_rules('medium', is_recomputed) }} as medium,
    {{ by_newest_rules('campaign', is_recomputed) }} as campaign,
    {{ by_newest_rules('term', is_recomputed) }} as term,
    {{ by_newest_rules('content', is_recomputed) }} as content,
    -- What came in before there were rules waits to be computed.
    toLowCardinality(
        if(rules_version = 0, 'unknown', toString({{ by_newest_rules('channel', is_recomputed) }}))
    ) as channel,
    mapFromArrays(
        {{ by_newest_rules('click_ids.name', is_recomputed) }},
        {{ by_newest_rules('click_ids.value', is_recomputed) }}
    ) as click_ids,
    events.click_id as click_id,
    events.link_id as link_id,
    events.campaign_id as campaign_id,
    JSONExtractInt(events.props, 'variant_id') as variant_id,
    events.value as value,
    events.currency as currency,
    events.props as props,
    {{ id_in('events.props', 'order_id') }} as order_id,
    events.country as country,
    events.city as city,
    {{ by_newest_rules('device', is_recomputed) }} as device,
    {{ by_newest_rules('os', is_recomputed) }} as os,
    {{ by_newest_rules('os_version', is_recomputed) }} as os_version,
    {{ by_newest_rules('browser', is_recomputed) }} as browser,
    {{ by_newest_rules('browser_version', is_recomputed) }} as browser_version,
    {{ by_newest_rules('bot_score', is_recomputed) }} as bot_score,
    {{ by_newest_rules('bot_reasons', is_recomputed) }} as bot_reasons,
    {{ by_newest_rules('is_bot', is_recomputed) }} as is_bot,
    {{ by_newest_rules('rules_version', is_recomputed) }} as rules_version,
    {% if is_recomputed %}recomputed.recomputed_at{% else %}toDateTime64(0, 3, 'UTC'){% endif %} as recomputed_at
from events
{% if is_recomputed %}
    left any join (
        select *
        from {{ recomputed }}
        {% if is_incremental() %}
            where
                toDate(occurred_at) in {{ any_of(days) }}
                and received_at >= {{ first_of(days) }} - 1
        {% endif %}
    ) as recomputed
        on
            events.tenant_id = recomputed.tenant_id
            and events.event_id = recomputed.event_id
            and events.segment = recomputed.segment
            and events.position = recomputed.position
{% endif %}
