{{
    config(
        materialized='incremental',
        incremental_strategy='insert_overwrite',
        partition_by='converted_on',
        order_by='(tenant_id, visitor_id, converted_at)',
        indexes=[
            {'name': 'received', 'definition': 'received_at type minmax granularity 1'},
            {'name': 'recomputed', 'definition': 'recomputed_at type minmax granularity 1'},
        ],
    )
}}

{% set days = changed_days(ref('stg_events'), 'occurred_on', own_day='converted_on') %}
{{ replacing(days) }}

with conversions as (
    select
        events.tenant_id as tenant_id,
        events.event_id as conversion_id,
        events.event as conversion,
        events.visitor_id as visitor_id,
        events.user_id as user_id,
        events.occurred_at as converted_at,
        events.occurred_on as converted_on,
        events.received_at as received_at,
        events.recomputed_at as recomputed_at,
        coalesce(events.value, 0) as original_value,
        if(events.currency = '', tenants.currency, upper(events.currency)) as original_currency,
        tenants.currency as currency
    from {{ ref('stg_events') }} as events
    left any join {{ ref('stg_tenants') }} as tenants on events.tenant_id = tenants.tenant_id
    where
        has({{ var('conversion_events') }}, events.event)
        and not events.is_bot
        {% if is_incremental() %}
            and events.occurred_on in {{ any_of(days) }}
        {% endif %}
)

select
    *,
    -- Two currencies are never added up: a value in another one counts only once there is a rate for it.
    if(original_currency = currency, original_value, 0) as value
from conversions
