{{
    config(
        materialized='incremental',
        incremental_strategy='insert_overwrite',
        partition_by='started_on',
        order_by='(tenant_id, visitor_id, started_at)',
        pre_hook='{{ forget_builds() }}',
        post_hook="{{ remember_build(model['compiled_code']) }}",
    )
}}

{% set as_of = begin_build() %}
-- A visit may cross one midnight, and what came on three days before it may say where it began.
{% set due = widened(
    outdated_days(ref('stg_events'), back=1, ahead=3)
    + days_before_change(ref('stg_measurement'), among=ref('stg_events'), changed_at='sessions_changed_at')
) %}
{% set days = taken_on(due, ref('stg_events')) %}
{{ building(days, as_of, due) }}

with clocks as (
    select
        tenants.tenant_id as tenant_id,
        tenants.time_zone as time_zone,
        measurement.session_gap_minutes * 60000 as longest_silence,
        measurement.session_ends_at_midnight as ends_at_midnight,
        measurement.session_ends_with_campaign as ends_with_campaign
    from {{ ref('stg_tenants') }} as tenants
    inner join {{ ref('stg_measurement') }} as measurement on tenants.tenant_id = measurement.tenant_id
),

page_events as (
    select
        events.tenant_id as tenant_id,
        events.visitor_id as visitor_id,
        events.is_bot as is_bot,
        clocks.longest_silence as longest_silence,
        toUnixTimestamp64Milli(events.occurred_at) as at,
        cityHash64(events.event_id) as event_hash,
        events.event = 'page_view' as is_page,
        if(
            clocks.ends_at_midnight,
            toUInt16(toDate(left(toString(events.occurred_at, clocks.time_zone), 10))),
            toUInt16(0)
        ) as local_day,
        if(
            clocks.ends_with_campaign and events.event = 'page_view' and events.campaign != '',
            cityHash64(events.source, events.medium, events.campaign),
            toUInt64(0)
        ) as campaign_hash
    from {{ ref('stg_events') }} as events
    inner join clocks on events.tenant_id = clocks.tenant_id
    where
        events.visitor_id != ''
        -- A short link is followed before the site is reached, and a server knows orders but no visits.
        and events.event != 'click'
        and events.trust != 'server'
        {% if builds_days() %}
            and events.occurred_on in {{ any_of(widened(days, back=3, ahead=1)) }}
        {% endif %}
),

-- What a program sends in somebody's name, such as a prefetch, is a visit of its own and leaves the person's alone.
visitors as (
    select
        tenant_id,
        visitor_id,
        is_bot,
        any(longest_silence) as silence,
        arraySort(groupArray((at, event_hash, is_page, local_day, campaign_hash))) as seen
    from page_events
    group by tenant_id, visitor_id, is_bot
    having countIf(is_page) > 0
),

-- Half an hour of silence, unless the tenant says otherwise, ends a visit; so may midnight by the tenant's clock.
unbroken as (
    select
        tenant_id,
        visitor_id,
        is_bot,
        arrayJoin(
            arraySplit(
                (step, pause, new_day) -> pause >= silence or new_day != 0,
                seen,
                arrayDifference(seen.1),
                arrayDifference(seen.4)
            )
        ) as run,
        -- Who never pauses begins anew at the second midnight and each one after it: so a visit has two days at
        -- most, and what a day's visits are can be said without reading more than the days beside it.
        intDiv(run.1[1] + 86399999, 86400000) as last_day
    from visitors
),

of_two_days as (
    select
        tenant_id,
        visitor_id,
        is_bot,
        arrayJoin(
            if(
                intDiv(run.1[-1], 86400000) <= last_day,
                [run],
                arraySplit(
                    (step, new_day) -> new_day != 0 and intDiv(step.1, 86400000) > last_day,
                    run,
                    arrayDifference(arrayMap(at -> intDiv(at, 86400000), run.1))
                )
            )
        ) as walk
    from unbroken
),

-- Where the tenant wants it, another campaign than the one before starts a visit too.
walks as (
    select
        tenant_id,
        visitor_id,
        is_bot,
        arrayJoin(
            if(
                not arrayExists(campaign_hash -> campaign_hash != 0, walk.5),
                [walk],
                arraySplit(
                    (step, before) -> step.5 != 0 and before != 0 and step.5 != before,
                    walk,
                    arrayPushFront(
                        arrayPopBack(arrayFill(campaign_hash -> campaign_hash != 0, walk.5)), toUInt64(0)
                    )
                )
            )
        ) as steps
    from of_two_days
),

sessions as (
    select
        tenant_id,
        visitor_id,
        is_bot,
        fromUnixTimestamp64Milli(steps.1[1], 'UTC') as started_at,
        fromUnixTimestamp64Milli(steps.1[-1], 'UTC') as ended_at,
        toDate(started_at) as started_on,
        length(steps) as events,
        arrayCount(is_page -> is_page, steps.3) as page_views,
        arrayFirst(step -> step.3, steps) as entry
    from walks
    where
        page_views > 0
        {% if builds_days() %}
            and started_on in {{ any_of(days) }}
        {% endif %}
)

select
    sessions.tenant_id as tenant_id,
    concat(
        sessions.visitor_id,
        '.',
        toString(toUnixTimestamp64Milli(sessions.started_at)),
        if(sessions.is_bot, '.bot', '')
    ) as session_id,
    sessions.visitor_id as visitor_id,
    sessions.started_at as started_at,
    sessions.started_on as started_on,
    sessions.ended_at as ended_at,
    sessions.is_bot as is_bot,
    sessions.events as events,
    sessions.page_views as page_views,
    entries.url as entry_url,
    entries.page_path as entry_path,
    entries.referrer_host as referrer_host,
    entries.source as source,
    entries.medium as medium,
    entries.campaign as campaign,
    entries.channel as channel,
    entries.click_id as click_id,
    entries.device as device,
    entries.country as country
from {{ ref('stg_events') }} as entries
inner any join sessions
    on
        entries.tenant_id = sessions.tenant_id
        and entries.visitor_id = sessions.visitor_id
        and toUnixTimestamp64Milli(entries.occurred_at) = sessions.entry.1
        and cityHash64(entries.event_id) = sessions.entry.2
where
    entries.event = 'page_view'
    {% if builds_days() %}
        and entries.occurred_on in {{ any_of(widened(days, ahead=1)) }}
    {% endif %}
