{{ config(severity='warn', meta={'dagster': {'ref': {'name': 'ad_performance'}}}) }}

-- Ad accounts whose spend is missing from the channels' ROAS, because there is no rate for its currency.
select
    performance.tenant_id as tenant_id,
    performance.platform as platform,
    performance.account_id as account_id,
    performance.currency as currency
from {{ ref('ad_performance') }} as performance
inner join {{ ref('stg_tenants') }} as tenants on performance.tenant_id = tenants.tenant_id
where performance.currency != tenants.currency and performance.spend != 0
group by tenant_id, platform, account_id, currency
