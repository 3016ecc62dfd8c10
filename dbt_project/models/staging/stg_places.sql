{{ config(materialized='view') }}

select
    tenant_id,
    date_day,
    network,
    place_id,
    place_name,
    followers,
    fetched_at
from {{ posts_as_read() }} as read
where post_id = ''
