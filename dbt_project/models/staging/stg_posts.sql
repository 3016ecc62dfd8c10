{{ config(materialized='view') }}

select
    tenant_id,
    date_day,
    network,
    place_id,
    post_id,
    post_url,
    published_at,
    beginning,
    impressions,
    views,
    reach,
    reactions,
    comments,
    shares,
    saves,
    clicks,
    video_watch_seconds,
    fetched_at
from {{ posts_as_read() }} as read
where post_id != ''
