{{ config(materialized='view') }}

select
    tenant_id,
    date_day,
    channel,
    group_id,
    group_name,
    link_id,
    link,
    long_url,
    title,
    created_at,
    clicks,
    fetched_at
from {{ source('raw', 'link_clicks_bitly') }}
where channel = 'bitly'
