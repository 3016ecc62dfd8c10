{{
    config(
        materialized='incremental',
        incremental_strategy='insert_overwrite',
        partition_by='date_day',
        order_by='(tenant_id, channel, device, country, step_number)',
        pre_hook='{{ forget_builds() }}',
        post_hook="{{ remember_build(model['compiled_code']) }}",
    )
}}

{% set events, visits, touchpoints = ref('stg_events'), ref('int_sessions'), ref('int_touchpoints') %}
{% set edges, splits = ref('int_identity_edges'), source('records', 'identity_splits') %}
{% set steps, window = var('funnel_steps')[1:], var('funnel_days') %}
{% set known_days = window ~ ' + ' ~ var('identity_reach_days') %}
{% set never = "toDateTime64(0, 3, 'UTC')" %}
{% set in_time = 'from_{before} != ' ~ never
    ~ ' and at >= from_{before} and at < entered_at + toIntervalDay(' ~ window ~ ')' %}
{% set first_after = 'arrayFirst(at -> ' ~ in_time ~ ', done.times_{number}) as at_{number}' %}
{% set as_of = begin_build() %}
{% set days = widened(
    outdated_days(touchpoints)
    + outdated_days(events, back=window, among=touchpoints)
    + days_of_devices(touchpoints, edges, splits, 'touched_on', known_days=window ~ ' + ' ~ known_days)
) %}
{{ building(days, as_of) }}

with sessions as (
    select
        tenant_id,
        session_id,
        device,
        country
    from {{ visits }}
    {% if builds_days() %}
        where started_on in {{ any_of(days) }}
    {% endif %}
),

visits as (
    select *
    from {{ touchpoints }}
    where
        kind = 'visit'
        and not is_bot
        {% if builds_days() %}
            and touched_on in {{ any_of(days) }}
        {% endif %}
),

-- A person enters once a day, with the first visit. Who they are is what was known when the window closed.
first_visits as (
    select
        visits.tenant_id as tenant_id,
        visits.touched_on as date_day,
        {{ person_known(
            'visits.visitor_id',
            'known.owners',
            'visits.touched_at',
            'visits.touched_at + toIntervalDay(' ~ known_days ~ ')'
        ) }} as person_id,
        min((visits.touched_at, visits.session_id, toString(visits.channel))) as first
    from visits
    left any join {{ owners_of('visits') }} as known
        on visits.tenant_id = known.tenant_id and visits.visitor_id = known.visitor_id
    group by tenant_id, date_day, person_id
),

entries as (
    select
        first_visits.tenant_id as tenant_id,
        first_visits.date_day as date_day,
        first_visits.person_id as person_id,
        first_visits.first.1 as entered_at,
        first_visits.first.3 as channel,
        toString(sessions.device) as device,
        toString(sessions.country) as country
    from first_visits
    left any join sessions
        on first_visits.tenant_id = sessions.tenant_id and first_visits.first.2 = sessions.session_id
),

step_events as (
    select
        tenant_id,
        visitor_id,
        user_id,
        toString(event) as event,
        occurred_at
    from {{ events }}
    where
        event in ('{{ steps | join("', '") }}')
        and not is_bot
        and visitor_id != ''
        {% if builds_days() %}
            and occurred_on in {{ any_of(widened(days, ahead=window)) }}
        {% endif %}
),

done as (
    select
        step_events.tenant_id as tenant_id,
        if(
            step_events.user_id != '',
            concat('user:', step_events.user_id),
            {{ person_known(
                'step_events.visitor_id',
                'known.owners',
                'step_events.occurred_at',
                'step_events.occurred_at + toIntervalDay(' ~ known_days ~ ')'
            ) }}
        ) as person_id,
        {{ each(
            steps, "arraySort(groupArrayIf(step_events.occurred_at, event = '{item}')) as times_{number}", first=2
        ) }}
    from step_events
    left any join {{ owners_of('step_events') }} as known
        on step_events.tenant_id = known.tenant_id and step_events.visitor_id = known.visitor_id
    group by tenant_id, person_id
),

-- A step that nobody of the tenant takes is none of theirs: it is passed over, and stands with nobody at it.
taken as (
    select
        tenant_id,
        toDate(occurred_at) - back as date_day,
        groupUniqArray(event) as events
    from step_events
    array join range(0, {{ window }} + 1) as back
    group by tenant_id, date_day
),

-- Each step is the first one after the step before it, all of them within the window of the visit.
reached as (
    select
        entries.tenant_id as tenant_id,
        entries.date_day as date_day,
        entries.channel as channel,
        entries.device as device,
        entries.country as country,
        entries.entered_at as at_1,
        entries.entered_at as from_1,
        {{ each(steps, first_after, first=2) }},
        {{ each(steps, "if(has(taken.events, '{item}'), at_{number}, from_{before}) as from_{number}", first=2) }}
    from entries
    left any join done on entries.tenant_id = done.tenant_id and entries.person_id = done.person_id
    left any join taken on entries.tenant_id = taken.tenant_id and entries.date_day = taken.date_day
),

counted as (
    select
        tenant_id,
        date_day,
        channel,
        device,
        country,
        [{{ each(var('funnel_steps'), "('{item}', countIf(at_{number} != " ~ never ~ "))") }}] as steps
    from reached
    group by tenant_id, date_day, channel, device, country
)

select
    tenant_id,
    date_day,
    toLowCardinality(channel) as channel,
    toLowCardinality(device) as device,
    toLowCardinality(country) as country,
    toUInt8(step_number) as step_number,
    toLowCardinality(steps.1[step_number]) as step,
    steps.2[1] as entered,
    steps.2[step_number] as people
from counted
array join arrayEnumerate(steps) as step_number
