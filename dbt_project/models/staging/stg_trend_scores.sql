{{ config(materialized='view') }}

select
    tenant_id,
    toDate(as_of) as scored_on,
    as_of,
    story_id,
    title,
    link,
    recent,
    before,
    velocity,
    label,
    is_new
from {{ source('raw', 'trend_scores') }}
