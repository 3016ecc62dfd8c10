{{ config(materialized='table', order_by='place') }}

-- The last one fits everything and decides nothing: there is always a rule.
with rules as (
    select * from {{ ref('channel_rules') }}

    union all

    select
        toUInt16(65535) as place,
        '' as tenant,
        '' as source,
        '' as medium,
        '' as campaign,
        '' as referrer_host,
        '' as channel
)

select
    *,
    {{ content_changed_at(ref('channel_rules')) }}
from rules
