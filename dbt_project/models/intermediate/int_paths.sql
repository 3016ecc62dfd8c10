{{
    config(
        materialized='incremental',
        incremental_strategy='insert_overwrite',
        partition_by='converted_on',
        order_by='(tenant_id, converted_on, conversion_id)',
        indexes=[
            {'name': 'received', 'definition': 'received_at type minmax granularity 1'},
            {'name': 'recomputed', 'definition': 'recomputed_at type minmax granularity 1'},
        ],
    )
}}

{% set window_days = var('attribution_window_days') %}
{% set by_conversions = changed_days(ref('int_conversions'), 'converted_on', own_day='converted_on') %}
{% set by_touchpoints = changed_days(ref('int_touchpoints'), 'touched_on', own_day='converted_on') %}
{% set days = widened(by_conversions + widened(by_touchpoints, back=1, ahead=window_days)) %}
{{ replacing(days) }}

with conversions as (
    select *
    from {{ ref('int_conversions') }}
    {% if is_incremental() %}
        where converted_on in {{ any_of(days) }}
    {% endif %}
),

touchpoints as (
    select *
    from {{ ref('int_touchpoints') }}
    where
        not is_bot
        {% if is_incremental() %}
            and touched_on >= {{ first_of(days) }} - {{ window_days }}
        {% endif %}
),

paths as (
    select
        conversions.tenant_id as tenant_id,
        conversions.conversion_id as conversion_id,
        any(conversions.conversion) as conversion,
        any(conversions.visitor_id) as visitor_id,
        any(conversions.converted_at) as moment,
        any(conversions.converted_on) as converted_on,
        any(conversions.value) as value,
        any(conversions.currency) as currency,
        max(greatest(conversions.received_at, touchpoints.received_at)) as received_at,
        max(greatest(conversions.recomputed_at, touchpoints.recomputed_at)) as recomputed_at,
        arraySort(groupArrayIf(
            (
                touchpoints.touched_at,
                touchpoints.touchpoint_id,
                toString(touchpoints.channel),
                touchpoints.campaign_id
            ),
            touchpoints.touched_at <= conversions.converted_at
            and touchpoints.touched_at > conversions.converted_at - toIntervalDay({{ window_days }})
        )) as touches
    from conversions
    left join touchpoints
        on
            conversions.tenant_id = touchpoints.tenant_id
            and conversions.visitor_id = touchpoints.visitor_id
    group by tenant_id, conversion_id
)

select
    tenant_id,
    conversion_id,
    conversion,
    visitor_id,
    moment as converted_at,
    converted_on,
    received_at,
    recomputed_at,
    value,
    currency,
    -- A conversion that nothing is known to have led to keeps a path of its own, so that totals stay whole.
    if(empty(touches), ['unassigned'], arrayMap(touch -> touch.3, touches)) as channels,
    if(empty(touches), [toInt64(0)], arrayMap(touch -> toInt64(touch.4), touches)) as campaigns,
    if(empty(touches), [moment], arrayMap(touch -> touch.1, touches)) as touched_at
from paths
