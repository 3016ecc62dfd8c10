{{
    config(
        materialized='incremental',
        incremental_strategy='insert_overwrite',
        partition_by='date_day',
        order_by='(tenant_id, date_day, channel)',
    )
}}

{% set changed = changed_days(ref('int_touchpoints'), 'touched_on', own_day='date_day') %}
{% set days = widened(changed, back=1, ahead=1) %}
{{ replacing(days) }}

select
    tenant_id,
    touched_on as date_day,
    channel,
    count() as visits,
    countIf(not is_bot) as human_visits,
    countIf(is_bot) as bot_visits,
    uniqExactIf(visitor_id, not is_bot) as human_visitors,
    max(recomputed_at) as recomputed_at
from {{ ref('int_touchpoints') }}
where
    kind = 'visit'
    {% if is_incremental() %}
        and touched_on in {{ any_of(days) }}
    {% endif %}
group by tenant_id, date_day, channel
