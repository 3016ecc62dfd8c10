{{
    config(
        materialized='incremental',
        incremental_strategy='insert_overwrite',
        partition_by='date_day',
        order_by='(tenant_id, variant_id, date_day)',
    )
}}

{% set days = arrived_days(ref('stg_events'), 'occurred_on', own_day='date_day') %}
{{ replacing(days) }}

with events as (
    select *
    from {{ ref('stg_events') }}
    where
        event in ('exposure', 'click')
        and not is_bot
        {% if is_incremental() %}
            and occurred_on in {{ any_of(days) }}
        {% endif %}
),

exposures as (
    select
        tenant_id,
        occurred_on as date_day,
        variant_id,
        1 as exposures,
        0 as clicks
    from events
    where event = 'exposure' and variant_id != 0
),

-- A click is known by the link that carries the variant.
clicks as (
    select
        events.tenant_id as tenant_id,
        events.occurred_on as date_day,
        variants.variant_id as variant_id,
        0 as exposures,
        1 as clicks
    from events
    inner join {{ ref('stg_variants') }} as variants
        on events.tenant_id = variants.tenant_id and events.link_id = variants.link_id
    where events.event = 'click'
),

counted as (
    select * from exposures
    union all
    select * from clicks
)

select
    tenant_id,
    date_day,
    variant_id,
    sum(exposures) as exposures,
    sum(clicks) as clicks
from counted
group by tenant_id, date_day, variant_id
