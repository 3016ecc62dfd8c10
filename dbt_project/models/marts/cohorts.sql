{{ config(order_by='(tenant_id, cohort_week, weeks_since)') }}

with weeks as (
    select
        tenant_id,
        cohort_week,
        intDiv(week - cohort_week, 7) as weeks_since,
        sum(people) as people,
        sum(people_converting) as people_converting,
        sum(conversions) as conversions,
        sum(value) as revenue
    from {{ ref('int_cohort_weeks') }}
    group by tenant_id, cohort_week, weeks_since
),

sizes as (
    select
        tenant_id,
        cohort_week,
        people
    from weeks
    where weeks_since = 0
)

select
    weeks.tenant_id as tenant_id,
    weeks.cohort_week as cohort_week,
    toUInt16(weeks.weeks_since) as weeks_since,
    toLowCardinality(tenants.currency) as currency,
    sizes.people as cohort_people,
    weeks.people as people,
    {{ ratio('weeks.people', 'sizes.people') }} as retention,
    weeks.people_converting as people_converting,
    weeks.conversions as conversions,
    toDecimal64(weeks.revenue, 4) as revenue,
    toBool(weeks.cohort_week + 7 * (weeks.weeks_since + 1) <= today()) as is_complete
from weeks
inner join {{ ref('stg_tenants') }} as tenants on weeks.tenant_id = tenants.tenant_id
left any join sizes on weeks.tenant_id = sizes.tenant_id and weeks.cohort_week = sizes.cohort_week
