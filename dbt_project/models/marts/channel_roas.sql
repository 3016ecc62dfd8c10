{{ config(order_by='(tenant_id, date_day, channel, model)', tags=['after_attribution']) }}
-- Three assets write credits into one table: {{ source('raw', 'attribution_credits_markov') }}, {{ source('raw', 'attribution_credits_shapley') }}.

with spend as (
    select
        performance.tenant_id as tenant_id,
        performance.date_day as date_day,
        performance.channel as channel,
        sum(performance.spend) as spend
    from {{ ref('ad_performance') }} as performance
    inner join {{ ref('stg_tenants') }} as tenants
        on performance.tenant_id = tenants.tenant_id and performance.currency = tenants.currency
    group by tenant_id, date_day, channel
),

credits as (
    select
        tenant_id,
        date_day,
        channel,
        model,
        sum(conversions) as conversions,
        sum(value) as conversions_value
    from {{ source('raw', 'attribution_credits') }}
    group by tenant_id, date_day, channel, model
),

models as (
    select distinct
        tenant_id,
        model
    from credits
),

-- A channel that cost money and earned nothing is what a marketer must see: spend meets every model.
spend_and_credit as (
    select
        spend.tenant_id as tenant_id,
        spend.date_day as date_day,
        spend.channel as channel,
        models.model as model,
        spend.spend as spend,
        toFloat64(0) as conversions,
        toDecimal64(0, 4) as conversions_value
    from spend
    inner join models on spend.tenant_id = models.tenant_id
    union all
    select
        tenant_id,
        date_day,
        channel,
        model,
        toDecimal64(0, 6) as spend,
        conversions,
        toDecimal64(conversions_value, 4) as conversions_value
    from credits
),

joined as (
    select
        tenant_id,
        date_day,
        channel,
        model,
        sum(spend) as total_spend,
        sum(conversions) as total_conversions,
        sum(conversions_value) as total_value
    from spend_and_credit
    group by tenant_id, date_day, channel, model
)

select
    joined.tenant_id as tenant_id,
    joined.date_day as date_day,
    toLowCardinality(joined.channel) as channel,
    toLowCardinality(joined.model) as model,
    toLowCardinality(tenants.currency) as currency,
    toDecimal64(joined.total_spend, 6) as spend,
    joined.total_conversions as conversions,
    toDecimal64(joined.total_value, 4) as conversions_value,
    {{ ratio('joined.total_spend', 'joined.total_conversions') }} as cpa,
    {{ ratio('joined.total_value', 'joined.total_spend') }} as roas
from joined
inner join {{ ref('stg_tenants') }} as tenants on joined.tenant_id = tenants.tenant_id
