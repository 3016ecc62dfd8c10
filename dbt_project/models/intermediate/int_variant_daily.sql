{{
    config(
        materialized='incremental',
        incremental_strategy='insert_overwrite',
        partition_by='date_day',
        order_by='(tenant_id, variant_id, date_day)',
        pre_hook='{{ forget_builds() }}',
        post_hook="{{ remember_build(model['compiled_code']) }}",
    )
}}

{% set as_of = begin_build() %}
{% set days = outdated_days(ref('stg_events')) %}
{{ building(days, as_of) }}

with events as (
    select *
    from {{ ref('stg_events') }}
    where
        event in ('exposure', 'click')
        {% if builds_days() %}
            and occurred_on in {{ any_of(days) }}
        {% endif %}
),

-- A click names the variant it led to, or is known by the link that carries the variant.
named as (
    select
        events.tenant_id as tenant_id,
        events.occurred_on as date_day,
        if(events.event = 'click' and events.variant_id = 0, variants.variant_id, events.variant_id) as variant_id,
        events.event as event,
        events.is_bot as is_bot
    from events
    left any join {{ ref('stg_variants') }} as variants
        on events.tenant_id = variants.tenant_id and events.link_id = variants.link_id
)

select
    tenant_id,
    date_day,
    variant_id,
    countIf(event = 'exposure') as exposures,
    countIf(event = 'exposure' and not is_bot) as human_exposures,
    countIf(event = 'exposure' and is_bot) as bot_exposures,
    countIf(event = 'click') as clicks,
    countIf(event = 'click' and not is_bot) as human_clicks,
    countIf(event = 'click' and is_bot) as bot_clicks
from named
where variant_id != 0
group by tenant_id, date_day, variant_id
