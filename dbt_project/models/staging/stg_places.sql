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
    place_name,
    followers,
    fetched_at
from read
where post_id = ''
