{{
    config(
        materialized='incremental',
        incremental_strategy='insert_overwrite',
        partition_by='date_day',
        order_by='(tenant_id, person_id)',
        pre_hook='{{ forget_builds() }}',
        post_hook="{{ remember_build(model['compiled_code']) }}",
    )
}}

{% set touchpoints, conversions = ref('int_touchpoints'), ref('int_conversions') %}
{% set edges, splits = ref('int_identity_edges'), source('records', 'identity_splits') %}
{% set as_of = begin_build() %}
{% set days = widened(
    outdated_days(touchpoints)
    + outdated_days(conversions)
    + days_of_devices(touchpoints, edges, splits, 'touched_on', known_days=var('identity_reach_days'))
) %}
{{ building(days, as_of) }}

with visits as (
    select *
    from {{ touchpoints }}
    where
        kind = 'visit'
        and not is_bot
        {% if builds_days() %}
            and touched_on in {{ any_of(days) }}
        {% endif %}
),

people_that_visit as (
    select
        visits.tenant_id as tenant_id,
        visits.touched_on as date_day,
        {{ person_known(
            'visits.visitor_id', 'known.owners', 'visits.touched_at', known_by('visits.touched_at')
        ) }} as person_id,
        count() as visits,
        min((visits.touched_at, toString(visits.channel), visits.campaign_id)) as first_visit
    from visits
    left any join {{ owners_of('visits') }} as known
        on visits.tenant_id = known.tenant_id and visits.visitor_id = known.visitor_id
    group by tenant_id, date_day, person_id
),

-- What the headline goal counts; a refund counts on its own day, for whoever had bought.
people_that_convert as (
    select
        tenant_id,
        converted_on as date_day,
        credited_person_id as person_id,
        min(converted_at) as first_converted_at,
        sum(conversions) as conversions,
        sum(value) as value
    from {{ conversions }}
    where
        credited_person_id != ''
        and (tenant_id, goal_id) in (
            select tenant_id, goal_id
            from {{ ref('stg_goals') }}
            where is_headline
        )
        {% if builds_days() %}
            and converted_on in {{ any_of(days) }}
        {% endif %}
    group by tenant_id, date_day, person_id
),

facts as (
    select
        tenant_id,
        date_day,
        person_id,
        visits,
        toUInt64(0) as conversions,
        toDecimal64(0, 4) as value,
        first_visit,
        {{ never() }} as first_converted_at
    from people_that_visit
    union all
    select
        tenant_id,
        date_day,
        person_id,
        toUInt64(0) as visits,
        toUInt64(conversions) as conversions,
        toDecimal64(value, 4) as value,
        ({{ never() }}, 'unassigned', toInt64(0)) as first_visit,
        first_converted_at
    from people_that_convert
)

select
    tenant_id,
    date_day,
    person_id,
    sum(visits) as visits,
    sum(conversions) as conversions,
    toDecimal64(sum(value), 4) as value,
    least(tupleElement(min(first_visit), 1), min(first_converted_at)) as first_at,
    toLowCardinality(tupleElement(min(first_visit), 2)) as first_channel,
    tupleElement(min(first_visit), 3) as first_campaign_id
from facts
group by tenant_id, date_day, person_id
