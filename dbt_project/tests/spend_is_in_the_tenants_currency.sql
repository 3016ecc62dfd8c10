{{ config(severity='warn', meta={'dagster': {'ref': {'name': 'ad_performance'}}}) }}

-- Ad accounts whose spend counts nowhere, because there is no rate for its currency on the day.
select
    tenant_id,
    platform,
    account_id,
    currency,
    min(date_day) as first_day,
    max(date_day) as last_day
from {{ ref('ad_performance') }}
where spend != 0 and rate is null
group by tenant_id, platform, account_id, currency
