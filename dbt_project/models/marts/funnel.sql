{{ config(materialized='view') }}

select
    tenant_id,
    date_day,
    channel,
    device,
    country,
    step_number,
    step,
    entered,
    people,
    {{ ratio('people', 'entered') }} as share,
    toBool(date_day + {{ var('funnel_days') }} + 1 <= today()) as is_complete
from {{ ref('int_funnel_days') }}
