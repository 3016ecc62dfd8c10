{{ config(order_by='(tenant_id, cohort_week, first_channel, within_days)') }}

with cohorts as (
    select
        tenant_id,
        cohort_week,
        first_channel,
        sumIf(people, week = cohort_week) as people,
        [
            {% for within in var('lifetime_days') %}
                ({{ within }}, sum(conversions_{{ within }}), sum(value_{{ within }})){{ ',' if not loop.last }}
            {% endfor %}
        ] as horizons
    from {{ ref('int_cohort_weeks') }}
    group by tenant_id, cohort_week, first_channel
)

select
    cohorts.tenant_id as tenant_id,
    cohorts.cohort_week as cohort_week,
    cohorts.first_channel as first_channel,
    toUInt16(horizon.1) as within_days,
    toLowCardinality(tenants.currency) as currency,
    cohorts.people as people,
    toUInt64(horizon.2) as conversions,
    toDecimal64(horizon.3, 4) as revenue,
    {{ ratio('horizon.3', 'cohorts.people') }} as revenue_per_person,
    -- The last to come in a week come on its Sunday.
    toBool(cohorts.cohort_week + 6 + within_days <= today()) as is_complete
from cohorts
array join cohorts.horizons as horizon
inner join {{ ref('stg_tenants') }} as tenants on cohorts.tenant_id = tenants.tenant_id
