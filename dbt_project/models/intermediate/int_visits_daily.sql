{{
    config(
        materialized='incremental',
        incremental_strategy='insert_overwrite',
        partition_by='date_day',
        order_by='(tenant_id, date_day, channel)',
        pre_hook='{{ forget_builds() }}',
        post_hook="{{ remember_build(model['compiled_code']) }}",
    )
}}

{% set as_of = begin_build() %}
{% set days = outdated_days(ref('int_touchpoints')) %}
{{ building(days, as_of) }}

select
    tenant_id,
    touched_on as date_day,
    channel,
    count() as visits,
    countIf(not is_bot) as human_visits,
    countIf(is_bot) as bot_visits,
    uniqExactIf(visitor_id, not is_bot) as human_visitors
from {{ ref('int_touchpoints') }}
where
    kind = 'visit'
    {% if builds_days() %}
        and touched_on in {{ any_of(days) }}
    {% endif %}
group by tenant_id, date_day, channel
