{{
    config(
        materialized='incremental',
        incremental_strategy='insert_overwrite',
        partition_by='date_day',
        order_by='(tenant_id, date_day, channel)',
    )
}}

{% set arrived = arrived_days(ref('int_touchpoints'), 'touched_on', own_day='date_day') %}
{% set days = widened(arrived, back=1, ahead=1) %}
{{ replacing(days) }}

select
    tenant_id,
    touched_on as date_day,
    channel,
    count() as visits,
    uniqExact(visitor_id) as visitors
from {{ ref('int_touchpoints') }}
where
    kind = 'visit'
    {% if is_incremental() %}
        and touched_on in {{ any_of(days) }}
    {% endif %}
group by tenant_id, date_day, channel
