{{
    config(
        materialized='incremental',
        incremental_strategy='insert_overwrite',
        partition_by='occurred_on',
        order_by='(tenant_id, event, occurred_at, event_id)',
        indexes=[{'name': 'received', 'definition': 'received_at type minmax granularity 1'}],
    )
}}

{% set days = arrived_days(source('raw', 'events'), 'toDate(occurred_at)', own_day='occurred_on') %}
{{ replacing(days) }}

with received as (
    select
        *,
        toDate(occurred_at) as occurred_on
    from {{ source('raw', 'events') }}
    {% if is_incremental() %}
        -- The neighbouring days are read for copies whose corrected time fell on the other side of midnight;
        -- nothing is received before the day it occurred on, which lets whole months be skipped.
        where
            toDate(occurred_at) in {{ any_of(widened(days, back=1, ahead=1)) }}
            and received_at >= {{ first_of(days) }} - 2
    {% endif %}
),

-- Copies are rare: only the events that have any are remembered while the rest streams past.
copied as (
    select
        tenant_id,
        event_id,
        min((received_at, segment, position)) as first_copy
    from received
    group by tenant_id, event_id
    having count() > 1
),

first_copies as (
    select received.*
    from received
    left any join copied
        on received.tenant_id = copied.tenant_id and received.event_id = copied.event_id
    where copied.event_id = '' or (received.received_at, received.segment, received.position) = copied.first_copy
)

select
    tenant_id,
    event_id,
    event,
    occurred_at,
    occurred_on,
    received_at,
    trust,
    consent,
    multiIf(sid != '', sid, user_id != '', concat('user:', user_id), '') as visitor_id,
    sid,
    user_id,
    url,
    path(url) as page_path,
    site,
    referrer_host,
    referrer_source,
    referrer_medium,
    search_term,
    source,
    medium,
    campaign,
    term,
    content,
    -- What came in before there were rules waits for a recompute.
    if(rules_version = 0, 'unknown', toString(channel)) as channel,
    mapFromArrays(click_ids.name, click_ids.value) as click_ids,
    click_id,
    link_id,
    campaign_id,
    JSONExtractInt(props, 'variant_id') as variant_id,
    value,
    currency,
    props,
    country,
    city,
    device,
    os,
    os_version,
    browser,
    browser_version,
    bot_score,
    bot_reasons,
    is_bot,
    rules_version
from first_copies
{% if is_incremental() %}
    where occurred_on in {{ any_of(days) }}
{% endif %}
