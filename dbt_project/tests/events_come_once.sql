{{ config(severity='warn', meta={'dagster': {'ref': {'name': 'tracking_health'}}}) }}

-- Days on which more than every fifth event came in twice: a sender tries again although it was heard.
select
    tenant_id,
    date_day,
    copies,
    received
from {{ ref('tracking_health') }}
where
    date_day > today() - 7
    and copies > greatest(received / 5, 10)
