{{ config(materialized='view') }}

-- A publisher may edit an entry; the version seen last stands.
select
    tenant_id,
    feed_id,
    entry_id,
    title,
    link,
    summary,
    author,
    published_at,
    first_seen_at
from {{ source('raw', 'feed_entries') }}
order by first_seen_at desc, content_hash asc
limit 1 by tenant_id, feed_id, entry_id
