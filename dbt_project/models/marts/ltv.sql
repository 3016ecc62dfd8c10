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
),

earned as (
    select
        tenant_id,
        cohort_week,
        first_channel,
        people,
        arrayJoin(horizons) as horizon
    from cohorts
)

select
    earned.tenant_id as tenant_id,
    earned.cohort_week as cohort_week,
    earned.first_channel as first_channel,
    toUInt16(earned.horizon.1) as within_days,
    toLowCardinality(tenants.currency) as currency,
    earned.people as people,
    toUInt64(earned.horizon.2) as conversions,
    toDecimal64(earned.horizon.3, 4) as revenue,
    {{ ratio('earned.horizon.3', 'earned.people') }} as revenue_per_person,
    -- The last to come in a week come on its Sunday.
    toBool(earned.cohort_week + 6 + within_days <= today()) as is_complete
from earned
inner join {{ ref('stg_tenants') }} as tenants on earned.tenant_id = tenants.tenant_id
