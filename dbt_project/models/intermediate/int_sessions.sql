{{
    config(
        materialized='incremental',
        incremental_strategy='insert_overwrite',
        partition_by='started_on',
        order_by='(tenant_id, visitor_id, started_at)',
        indexes=[
            {'name': 'received', 'definition': 'received_at type minmax granularity 1'},
            {'name': 'recomputed', 'definition': 'recomputed_at type minmax granularity 1'},
        ],
    )
}}

{% set changed = changed_days(ref('stg_events'), 'occurred_on', own_day='started_on') %}
{% set days = widened(changed, back=1, ahead=1) %}
{{ replacing(days) }}

with page_events as (
    select *
    from {{ ref('stg_events') }}
    where
        visitor_id != ''
        -- A short link is followed before the site is reached, and a server knows orders but no visits.
        and event != 'click'
        and trust != 'server'
        {% if is_incremental() %}
            and occurred_on in {{ any_of(widened(days, back=1, ahead=1)) }}
        {% endif %}
),

-- What a program sends in somebody's name, such as a prefetch, is a visit of its own and leaves the person's alone.
with_previous as (
    select
        *,
        lagInFrame(occurred_at) over (
            partition by tenant_id, visitor_id, is_bot
            order by occurred_at, event_id
            rows between unbounded preceding and current row
        ) as previous_at
    from page_events
),

numbered as (
    select
        *,
        sum(dateDiff('millisecond', previous_at, occurred_at) >= {{ var('session_gap_minutes') }} * 60000) over (
            partition by tenant_id, visitor_id, is_bot
            order by occurred_at, event_id
            rows between unbounded preceding and current row
        ) as session_number
    from with_previous
),

sessions as (
    select
        tenant_id,
        visitor_id,
        is_bot,
        session_number,
        min(occurred_at) as started_at,
        max(occurred_at) as ended_at,
        max(received_at) as received_at,
        max(recomputed_at) as recomputed_at,
        max(user_id) as user_id,
        count() as events,
        countIf(event = 'page_view') as page_views,
        argMinIf(
            (url, page_path, referrer_host, source, medium, campaign, channel, click_id, device, country),
            (occurred_at, event_id),
            event = 'page_view'
        ) as entry
    from numbered
    group by tenant_id, visitor_id, is_bot, session_number
    having page_views > 0
)

select
    tenant_id,
    concat(visitor_id, '.', toString(toUnixTimestamp64Milli(started_at)), if(is_bot, '.bot', '')) as session_id,
    visitor_id,
    user_id,
    started_at,
    toDate(started_at) as started_on,
    ended_at,
    received_at,
    recomputed_at,
    is_bot,
    events,
    page_views,
    entry.1 as entry_url,
    entry.2 as entry_path,
    entry.3 as referrer_host,
    entry.4 as source,
    entry.5 as medium,
    entry.6 as campaign,
    entry.7 as channel,
    entry.8 as click_id,
    entry.9 as device,
    entry.10 as country
from sessions
{% if is_incremental() %}
    where started_on in {{ any_of(days) }}
{% endif %}
