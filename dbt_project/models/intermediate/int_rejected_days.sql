{{
    config(
        materialized='incremental',
        incremental_strategy='insert_overwrite',
        partition_by='date_day',
        order_by='(tenant_id, date_day, reason)',
        full_refresh=false,
        on_schema_change='append_new_columns',
        pre_hook='{{ forget_builds() }}',
        post_hook="{{ remember_build(model['compiled_code']) }}",
    )
}}

{% set rejected = source('raw', 'rejected') %}
{% set as_of = begin_build() %}
{% set days = days_of_rejections(rejected) %}
{{ building(days, as_of) }}

-- What was refused itself is kept for 90 days, its numbers for ever.
select
    tenant_id,
    toDate(received_at) as date_day,
    reason,
    sum(events) as rejected
from {{ rejected }}
{% if is_incremental() %}
    where toDate(received_at) in {{ any_of(days) }}
{% endif %}
group by tenant_id, date_day, reason
