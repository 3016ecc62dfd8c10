{{ config(materialized='view') }}

select
    tenant_id,
    toDate(as_of) as scored_on,
    as_of,
    story_id,
    title,
    link,
    topics,
    sources,
    reach,
    recent,
    before,
    velocity,
    label,
    is_new,
    rate_ratio,
    rate_low,
    rate_high,
    p_value,
    certainty,
    first_mentioned_at
from {{ source('raw', 'trend_scores') }}
where
    (tenant_id, as_of) in (
        select
            tenant_id,
            max(as_of) as last_of_the_day
        from {{ source('raw', 'trend_scores') }}
        group by tenant_id, toDate(as_of)
    )
