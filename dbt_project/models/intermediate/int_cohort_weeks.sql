{{
    config(
        materialized='incremental',
        incremental_strategy='insert_overwrite',
        partition_by='week',
        order_by='(tenant_id, cohort_week, first_channel)',
        pre_hook='{{ forget_builds() }}',
        post_hook="{{ remember_build(model['compiled_code']) }}",
    )
}}

{% set person_days, people = ref('int_person_days'), ref('int_people') %}
{% set edges, splits = ref('int_identity_edges'), source('records', 'identity_splits') %}
{% set reach, lifetimes = var('identity_reach_days'), var('lifetime_days') %}
{% set as_of = begin_build() %}
{% set days = weeks_of(
    outdated_days(person_days)
    + days_of_devices(person_days, edges, splits, 'date_day', visitor_id='person_id', known_days=reach ~ ' + 7')
    + days_of_moved_people(people, person_days)
) %}
{{ building(days, as_of) }}

with person_days as (
    select
        *,
        toMonday(date_day) as week
    from {{ person_days }}
    {% if builds_days() %}
        where date_day in {{ any_of(days) }}
    {% endif %}
),

-- Who looked around on Monday and logged in on Thursday is one person of that week.
known as (
    select
        person_days.tenant_id as tenant_id,
        person_days.week as week,
        person_days.date_day as date_day,
        person_days.person_id as met_as,
        {{ person_known(
            'person_days.person_id',
            'known.owners',
            'person_days.first_at',
            "toDateTime64(person_days.week, 3, 'UTC') + toIntervalDay(" ~ reach ~ ' + 7)'
        ) }} as person_id,
        person_days.visits as visits,
        person_days.conversions as conversions,
        person_days.value as value
    from person_days
    left any join {{ owners_of(
        '(select tenant_id, person_id as visitor_id from person_days)'
    ) }} as known
        on person_days.tenant_id = known.tenant_id and person_days.person_id = known.visitor_id
),

firsts as (
    select
        tenant_id,
        person_id,
        toDate(first_at) as first_on,
        first_channel
    from {{ people }}
    where (tenant_id, person_id) in (
        select tenant_id, arrayJoin([person_id, met_as]) as person_id
        from known
    )
),

-- A person who was only ever told of, by a login elsewhere, is known by the device.
placed as (
    select
        known.tenant_id as tenant_id,
        known.week as week,
        known.date_day as date_day,
        known.person_id as person_id,
        known.visits as visits,
        known.conversions as conversions,
        known.value as value,
        if(people.person_id != '', people.first_on, devices.first_on) as first_on,
        toString(if(people.person_id != '', people.first_channel, devices.first_channel)) as first_channel
    from known
    left any join firsts as people
        on known.tenant_id = people.tenant_id and known.person_id = people.person_id
    left any join firsts as devices
        on known.tenant_id = devices.tenant_id and known.met_as = devices.person_id
),

people_of_the_week as (
    select
        tenant_id,
        week,
        person_id,
        min((first_on, first_channel)) as first,
        sum(visits) as all_visits,
        sum(conversions) as all_conversions,
        sum(value) as all_value,
        {{ each(lifetimes, 'sumIf(conversions, date_day < first_on + {item}) as conversions_{item}') }},
        {{ each(lifetimes, 'sumIf(value, date_day < first_on + {item}) as value_{item}') }}
    from placed
    group by tenant_id, week, person_id
)

select
    tenant_id,
    week,
    toMonday(first.1) as cohort_week,
    toLowCardinality(first.2) as first_channel,
    -- Who only gave something back did not come.
    countIf(all_visits > 0 or all_conversions > 0) as people,
    countIf(all_conversions > 0) as people_converting,
    sum(all_conversions) as conversions,
    toDecimal64(sum(all_value), 4) as value,
    {{ each(lifetimes, 'sum(conversions_{item}) as conversions_{item}') }},
    {{ each(lifetimes, 'toDecimal64(sum(value_{item}), 4) as value_{item}') }}
from people_of_the_week
group by tenant_id, week, cohort_week, first_channel
