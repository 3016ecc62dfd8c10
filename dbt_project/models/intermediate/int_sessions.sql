{{
    config(
        materialized='incremental',
        incremental_strategy='insert_overwrite',
        partition_by='started_on',
        order_by='(tenant_id, visitor_id, started_at)',
        post_hook="{{ remember_build(model['compiled_code']) }}",
    )
}}

{% set as_of = begin_build() %}
-- A visit may cross one midnight, and what came on three days before it may say where it began.
{% set days = outdated_days(ref('stg_events'), back=1, ahead=3) %}
{{ building(days, as_of) }}

with page_events as (
    select
        tenant_id,
        visitor_id,
        is_bot,
        occurred_at,
        occurred_on,
        cityHash64(event_id) as event_hash,
        event = 'page_view' as is_page,
        if(event = 'page_view' and campaign != '', cityHash64(source, medium, campaign), 0) as campaign_hash
    from {{ ref('stg_events') }}
    where
        visitor_id != ''
        -- A short link is followed before the site is reached, and a server knows orders but no visits.
        and event != 'click'
        and trust != 'server'
        {% if builds_days() %}
            and occurred_on in {{ any_of(widened(days, back=3, ahead=1)) }}
        {% endif %}
),

-- What a program sends in somebody's name, such as a prefetch, is a visit of its own and leaves the person's alone.
visitors as (
    select
        tenant_id,
        visitor_id,
        is_bot,
        arraySort(
            groupArray(
                CAST(
                    (occurred_at, event_hash, is_page, campaign_hash),
                    'Tuple(at DateTime64(3, \'UTC\'), event_hash UInt64, is_page Bool, campaign_hash UInt64)'
                )
            )
        ) as seen
    from page_events
    group by tenant_id, visitor_id, is_bot
    having countIf(is_page) > 0
),

-- Half an hour of silence, unless the tenant says otherwise, ends a visit; so may midnight by the tenant's clock.
unbroken as (
    select
        visitors.tenant_id as tenant_id,
        visitors.visitor_id as visitor_id,
        visitors.is_bot as is_bot,
        measurement.session_ends_with_campaign as ends_with_campaign,
        arrayJoin(
            arraySplit(
                (step, place) ->
                place > 1 and (
                    dateDiff('millisecond', seen[place - 1].at, step.at) >= measurement.session_gap_minutes * 60000
                    or (
                        measurement.session_ends_at_midnight
                        and toDate(toTimeZone(seen[place - 1].at, tenants.time_zone))
                        != toDate(toTimeZone(step.at, tenants.time_zone))
                    )
                ),
                seen,
                arrayEnumerate(seen)
            )
        ) as run
    from visitors
    left any join {{ ref('stg_measurement') }} as measurement on visitors.tenant_id = measurement.tenant_id
    left any join {{ ref('stg_tenants') }} as tenants on visitors.tenant_id = tenants.tenant_id
),

-- Who never pauses begins anew at the second midnight and each one after it: so a visit has two days at most, and
-- what a day's visits are can be said without reading more than the days beside it.
of_two_days as (
    select
        tenant_id,
        visitor_id,
        is_bot,
        ends_with_campaign,
        arrayJoin(
            arraySplit(
                (step, place) ->
                place > 1
                and toDate(step.at) != toDate(run[place - 1].at)
                and toDate(step.at) > toDate(run[1].at + toIntervalMillisecond(86399999)),
                run,
                arrayEnumerate(run)
            )
        ) as walk
    from unbroken
),

-- Where the tenant wants it, another campaign than the one before starts a visit too.
sessions as (
    select
        tenant_id,
        visitor_id,
        is_bot,
        arrayJoin(
            if(
                ends_with_campaign,
                arraySplit(
                    (step, previous) ->
                    step.campaign_hash != 0 and previous != 0 and step.campaign_hash != previous,
                    walk,
                    arrayPushFront(
                        arrayPopBack(
                            arrayFill(campaign -> campaign != 0, arrayMap(step -> step.campaign_hash, walk))
                        ),
                        0
                    )
                ),
                [walk]
            )
        ) as steps,
        arrayFirst(step -> step.is_page, steps) as entry,
        steps[1].at as started_at,
        steps[-1].at as ended_at,
        toDate(started_at) as started_on,
        length(steps) as events,
        countEqual(arrayMap(step -> step.is_page, steps), true) as page_views
    from of_two_days
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
        and entries.occurred_at = sessions.entry.at
        and cityHash64(entries.event_id) = sessions.entry.event_hash
where
    entries.event = 'page_view'
    {% if builds_days() %}
        and entries.occurred_on in {{ any_of(widened(days, ahead=1)) }}
    {% endif %}
