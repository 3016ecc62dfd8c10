{{ config(materialized='view') }}

with read as (
    select * from {{ source('raw', 'posts_meta') }}
    where channel = 'meta'
    union all
    select * from {{ source('raw', 'posts_linkedin') }}
    where channel = 'linkedin'
    union all
    select * from {{ source('raw', 'posts_reddit') }}
    where channel = 'reddit'
)

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
from read
where post_id != ''
