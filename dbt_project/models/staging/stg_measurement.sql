{{ config(materialized='table', order_by='tenant_id') }}

select
    tenant_id,
    toUInt16(session_gap_minutes) as session_gap_minutes,
    session_ends_at_midnight,
    session_ends_with_campaign,
    headline_model,
    toFloat64(first_weight) as first_weight,
    toFloat64(last_weight) as last_weight,
    toUInt16(half_life_hours) as half_life_hours,
    toUInt8(markov_order) as markov_order,
    collapse_repeats,
    direct_overrides,
    changed_at
from {{ source('records', 'measurements') }}
