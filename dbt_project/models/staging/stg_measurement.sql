{{ config(materialized='table', order_by='tenant_id') }}

with measurement as (
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
)

-- Visits are built again only for what says where they end.
select
    measurement.*,
    {% if is_built(this) %}
        if(
            (
                held.session_gap_minutes,
                held.session_ends_at_midnight,
                held.session_ends_with_campaign
            ) = (
                measurement.session_gap_minutes,
                measurement.session_ends_at_midnight,
                measurement.session_ends_with_campaign
            ),
            held.sessions_changed_at,
            measurement.changed_at
        ) as sessions_changed_at
    {% else %}
        measurement.changed_at as sessions_changed_at
    {% endif %}
from measurement
{% if is_built(this) %}
    left any join {{ this }} as held on measurement.tenant_id = held.tenant_id
{% endif %}
