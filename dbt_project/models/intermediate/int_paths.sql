{{
    config(
        materialized='incremental',
        incremental_strategy='insert_overwrite',
        partition_by='converted_on',
        order_by='(tenant_id, goal_id, converted_on, conversion_id)',
        pre_hook='{{ forget_builds() }}',
        post_hook="{{ remember_build(model['compiled_code']) }}",
    )
}}

{% set conversions, touchpoints = ref('int_conversions'), ref('int_touchpoints') %}
{% set lookback = longest_lookback(conversions) %}
{% set as_of = begin_build() %}
{% set by_touchpoints = outdated_days(touchpoints, ahead=lookback, among=conversions) %}
{% set due = widened(
    outdated_days(conversions)
    + by_touchpoints
    + days_of_old_orders(conversions, touchpoints)
    + days_of_people(conversions, ref('int_identity_edges'), source('records', 'identity_splits'))
) %}
{% set days = taken_on(due, touchpoints) %}
{{ building(days, as_of, due) }}

with conversions as materialized (
    select *
    from {{ conversions }}
    {% if builds_days() %}
        where converted_on in {{ any_of(days) }}
    {% endif %}
),

identities as materialized (
    select *
    from {{ ref('int_identities') }}
    where (tenant_id, person_id) in (select tenant_id, credited_person_id from conversions)
),

-- Where a person may have been met: at each device while it was theirs, as far as that was known when they converted.
devices as materialized (
    select
        conversions.tenant_id as tenant_id,
        conversions.goal_id as goal_id,
        conversions.conversion_id as conversion_id,
        conversions.credited_at as credited_at,
        conversions.lookback_days as lookback_days,
        identities.visitor_id as visitor_id,
        identities.valid_from as valid_from,
        identities.valid_to as valid_to
    from conversions
    inner join identities
        on
            conversions.tenant_id = identities.tenant_id
            and conversions.credited_person_id = identities.person_id
    where identities.known_at <= {{ known_by('conversions.credited_at') }}
    union all
    -- And under their own name, or at a device of which nothing else is known.
    select
        conversions.tenant_id as tenant_id,
        conversions.goal_id as goal_id,
        conversions.conversion_id as conversion_id,
        conversions.credited_at as credited_at,
        conversions.lookback_days as lookback_days,
        conversions.credited_person_id as visitor_id,
        toDateTime64(0, 3, 'UTC') as valid_from,
        {{ never() }} as valid_to
    from conversions
    left anti join identities
        on
            conversions.tenant_id = identities.tenant_id
            and conversions.credited_person_id = identities.visitor_id
            and conversions.credited_person_id = identities.person_id
    where conversions.credited_person_id != ''
),

asked_for as (
    select distinct
        tenant_id,
        visitor_id
    from devices
),

touches as (
    select
        devices.tenant_id as tenant_id,
        devices.goal_id as goal_id,
        devices.conversion_id as conversion_id,
        arraySort(
            groupUniqArray(
                (
                    touchpoints.touched_at,
                    touchpoints.touchpoint_id,
                    toString(touchpoints.channel),
                    toInt64(touchpoints.campaign_id)
                )
            )
        ) as met
    from {{ touchpoints }} as touchpoints
    inner join devices
        on touchpoints.tenant_id = devices.tenant_id and touchpoints.visitor_id = devices.visitor_id
    where
        not touchpoints.is_bot
        and touchpoints.touched_at <= devices.credited_at
        and touchpoints.touched_at > devices.credited_at - toIntervalDay(devices.lookback_days)
        and touchpoints.touched_at >= devices.valid_from
        and touchpoints.touched_at < devices.valid_to
        and (touchpoints.tenant_id, touchpoints.visitor_id) in (select tenant_id, visitor_id from asked_for)
        {% if builds_days() %}
            and touchpoints.touched_on >= {{ first_touch_day(conversions, days, lookback) }}
            and touchpoints.touched_on <= toDate('{{ days[-1] if days else "1970-01-01" }}')
        {% endif %}
    group by tenant_id, goal_id, conversion_id
)

select
    conversions.tenant_id as tenant_id,
    conversions.goal_id as goal_id,
    conversions.conversion_id as conversion_id,
    conversions.conversion as conversion,
    conversions.is_refund as is_refund,
    conversions.visitor_id as visitor_id,
    conversions.credited_person_id as person_id,
    conversions.converted_at as converted_at,
    conversions.converted_on as converted_on,
    conversions.credited_at as credited_at,
    conversions.conversions as conversions,
    conversions.value as value,
    conversions.currency as currency,
    -- A conversion that nothing is known to have led to keeps a path of its own, so that totals stay whole.
    if(empty(touches.met), ['unassigned'], arrayMap(touch -> touch.3, touches.met)) as channels,
    if(empty(touches.met), [toInt64(0)], arrayMap(touch -> touch.4, touches.met)) as campaigns,
    if(empty(touches.met), [conversions.credited_at], arrayMap(touch -> touch.1, touches.met)) as touched_at
from conversions
left any join touches
    on
        conversions.tenant_id = touches.tenant_id
        and conversions.goal_id = touches.goal_id
        and conversions.conversion_id = touches.conversion_id
