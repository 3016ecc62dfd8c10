{{ config(order_by='(tenant_id, date_day, channel, model, goal_id)', tags=['after_attribution']) }}
-- Three assets write credits into one table:
-- {{ source('raw', 'attribution_credits_markov') }}, {{ source('raw', 'attribution_credits_shapley') }}.

with spend as (
    select
        tenant_id,
        date_day,
        channel,
        sum(tenant_spend) as spend
    from {{ ref('ad_performance') }}
    group by tenant_id, date_day, channel
),

headline_goals as (
    select
        tenant_id,
        goal_id
    from {{ ref('stg_goals') }}
    where is_headline
),

-- What was credited before there were goals was the headline goal's.
credits as (
    select
        credits.tenant_id as tenant_id,
        credits.date_day as date_day,
        credits.channel as channel,
        credits.model as model,
        if(credits.goal_id = 0, headline_goals.goal_id, credits.goal_id) as goal_id,
        sum(credits.conversions) as conversions,
        sum(credits.value) as conversions_value
    from {{ source('raw', 'attribution_credits') }} as credits
    left any join headline_goals on credits.tenant_id = headline_goals.tenant_id
    group by tenant_id, date_day, channel, model, goal_id
),

models as (
    select distinct
        tenant_id,
        model,
        goal_id
    from credits
),

-- A channel that cost money and earned nothing is what a marketer must see: spend meets every model and goal.
spend_and_credit as (
    select
        spend.tenant_id as tenant_id,
        spend.date_day as date_day,
        spend.channel as channel,
        models.model as model,
        models.goal_id as goal_id,
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
        goal_id,
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
        goal_id,
        sum(spend) as total_spend,
        sum(conversions) as total_conversions,
        sum(conversions_value) as total_value
    from spend_and_credit
    group by tenant_id, date_day, channel, model, goal_id
)

select
    joined.tenant_id as tenant_id,
    joined.date_day as date_day,
    toLowCardinality(joined.channel) as channel,
    toLowCardinality(joined.model) as model,
    joined.goal_id as goal_id,
    toLowCardinality(tenants.currency) as currency,
    toDecimal64(joined.total_spend, 6) as spend,
    joined.total_conversions as conversions,
    toDecimal64(joined.total_value, 4) as conversions_value,
    {{ ratio('joined.total_spend', 'joined.total_conversions') }} as cpa,
    {{ ratio('joined.total_value', 'joined.total_spend') }} as roas
from joined
inner join {{ ref('stg_tenants') }} as tenants on joined.tenant_id = tenants.tenant_id
