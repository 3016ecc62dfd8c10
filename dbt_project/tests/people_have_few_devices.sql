{{ config(severity='warn', meta={'dagster': {'ref': {'name': 'tracking_health'}}}) }}

-- People who were met at more devices than anybody has, and devices that too many share, in the last week.
select
    tenant_id,
    date_day,
    people_crowded,
    devices_refused,
    devices_shared
from {{ ref('tracking_health') }}
where
    date_day > today() - 7
    and people_crowded > 0
