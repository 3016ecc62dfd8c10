{{ config(materialized='view') }}

select
    tenant_id,
    action_id,
    version,
    step,
    recipient_key,
    occurrence,
    campaign_id,
    channel,
    state,
    outcome,
    message_id,
    occurred_at,
    toDate(occurred_at) as occurred_on
from {{ source('raw', 'deliveries') }}
order by occurred_at asc
limit 1 by tenant_id, action_id, step, recipient_key, occurrence, state
