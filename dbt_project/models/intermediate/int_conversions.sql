{{
    config(
        materialized='incremental',
        incremental_strategy='insert_overwrite',
        partition_by='converted_on',
        order_by='(tenant_id, goal_id, person_id, converted_at)',
        pre_hook='{{ forget_builds() }}',
        post_hook="{{ remember_build(model['compiled_code']) }}",
    )
}}

{% set events, goals, rates = ref('stg_events'), ref('stg_goals'), ref('stg_exchange_rates') %}
{% set as_of = begin_build() %}
{% set once_days = longest_once(goals) %}
{% set by_events = outdated_days(events, ahead=once_days) %}
{% set days = widened(
    by_events
    + days_of_refunds(events, goals, by_events)
    + days_before_change(source('records', 'conversion_goals'), among=events)
    + days_of_rates(rates, among=events)
    + days_of_people(this, ref('int_identity_edges'), source('records', 'identity_splits'))
) %}
{{ building(days, as_of) }}

with goals as (
    select *
    from {{ goals }}
),

goal_events as (
    select *
    from {{ events }}
    where
        event in (select arrayJoin([event, refund_event]) from goals)
        and not is_bot
        {% if builds_days() %}
            and (
                occurred_on in {{ any_of(widened(days, back=once_days)) }}
                -- What is given back may have been bought long before.
                or (
                    occurred_on >= {{ first_of(days) }} - {{ var('refund_days') }}
                    and order_id != ''
                    and (tenant_id, order_id) in (
                        select
                            tenant_id,
                            order_id
                        from {{ events }}
                        where event in (select refund_event from goals) and occurred_on in {{ any_of(days) }}
                    )
                )
            )
        {% endif %}
),

reached as materialized (
    select
        events.tenant_id as tenant_id,
        events.event_id as event_id,
        events.event as event,
        events.visitor_id as visitor_id,
        events.user_id as user_id,
        events.order_id as order_id,
        events.occurred_at as occurred_at,
        events.value as event_value,
        events.currency as event_currency,
        goals.goal_id as goal_id,
        goals.name as goal,
        goals.refund_event != '' and events.event = goals.refund_event as is_refund,
        goals.fixed_value as fixed_value,
        goals.currency as goal_currency,
        if(goals.counting = 'once', goals.once_days, 0) as once_days,
        goals.lookback_days as lookback_days
    from goal_events as events
    inner join goals on events.tenant_id = goals.tenant_id
    where events.event in (goals.event, goals.refund_event)
),

identified as (
    select
        reached.tenant_id as tenant_id,
        reached.event_id as event_id,
        reached.occurred_at as occurred_at,
        {{ person_at('reached.occurred_at') }} as person_id
    from (
        select distinct
            tenant_id,
            event_id,
            visitor_id,
            occurred_at
        from reached
        where visitor_id != '' and user_id = ''
    ) as reached
    inner join (
        select *
        from {{ ref('int_identities') }}
        where (tenant_id, visitor_id) in (select tenant_id, visitor_id from reached)
    ) as identities
        on reached.tenant_id = identities.tenant_id and reached.visitor_id = identities.visitor_id
    group by tenant_id, event_id, occurred_at
),

by_people as materialized (
    select
        reached.*,
        multiIf(
            reached.user_id != '', concat('user:', reached.user_id),
            identified.person_id != '', identified.person_id,
            reached.visitor_id
        ) as person_id
    from reached
    left any join identified
        on
            reached.tenant_id = identified.tenant_id
            and reached.event_id = identified.event_id
            and reached.occurred_at = identified.occurred_at
),

-- What counts once counts again only when it has not happened for so many days.
counted as (
    select
        *,
        lagInFrame(toNullable(occurred_at)) over (
            partition by tenant_id, goal_id, is_refund, person_id
            order by occurred_at, event_id
            rows between unbounded preceding and current row
        ) as previous_at,
        is_refund
        or once_days = 0
        or person_id = ''
        or previous_at is null
        or occurred_at >= previous_at + toIntervalDay(once_days) as counts
    from by_people
),

-- A refund takes back from those who earned the purchase: it names the order.
bought as (
    select
        tenant_id,
        goal_id,
        order_id,
        min(
            (occurred_at, event_id, visitor_id, person_id, toDecimal64(coalesce(event_value, 0), 4), event_currency)
        ) as first
    from by_people
    where not is_refund and order_id != ''
    group by tenant_id, goal_id, order_id
),

settled as (
    select
        counted.*,
        counted.is_refund
        and bought.order_id != ''
        and bought.first.1 <= counted.occurred_at
        and bought.first.1 > counted.occurred_at - toIntervalDay({{ var('refund_days') }}) as is_of_order,
        bought.first as purchase
    from counted
    left any join bought
        on
            counted.tenant_id = bought.tenant_id
            and counted.goal_id = bought.goal_id
            and counted.order_id = bought.order_id
    where
        counted.counts
        {% if builds_days() %}
            and toDate(counted.occurred_at) in {{ any_of(days) }}
        {% endif %}
),

priced as (
    select
        settled.*,
        tenants.currency as tenant_currency,
        assumeNotNull(
            multiIf(
                settled.fixed_value is not null, settled.fixed_value,
                settled.event_value is not null, settled.event_value,
                settled.is_of_order, toNullable(settled.purchase.5),
                toNullable(toDecimal64(0, 4))
            )
        ) as amount,
        if(settled.is_refund, -abs(amount), amount) as original_value,
        upper(
            multiIf(
                settled.fixed_value is null and settled.event_value is not null and settled.event_currency != '',
                settled.event_currency,
                settled.fixed_value is null and settled.is_of_order and settled.purchase.6 != '', settled.purchase.6,
                settled.goal_currency != '', settled.goal_currency,
                tenants.currency
            )
        ) as original_currency
    from settled
    left any join {{ ref('stg_tenants') }} as tenants on settled.tenant_id = tenants.tenant_id
),

rated as (
    select
        priced.*,
        sold.per_euro as sold_per_euro,
        sold.rate_on as sold_on,
        bought.per_euro as bought_per_euro,
        bought.rate_on as bought_on
    from priced
    asof left join {{ rates }} as sold
        on priced.original_currency = sold.currency and toDate(priced.occurred_at) >= sold.rate_on
    asof left join {{ rates }} as bought
        on priced.tenant_currency = bought.currency and toDate(priced.occurred_at) >= bought.rate_on
)

select
    tenant_id,
    goal_id,
    goal,
    event_id as conversion_id,
    event as conversion,
    is_refund,
    visitor_id,
    user_id,
    person_id,
    order_id,
    occurred_at as converted_at,
    toDate(occurred_at) as converted_on,
    toUInt8(not is_refund) as conversions,
    original_value,
    original_currency,
    tenant_currency as currency,
    -- Two currencies are never added up: a value in another one counts only while there is a rate for it.
    multiIf(
        original_currency = tenant_currency, toDecimal64(1, 8),
        sold_per_euro > 0
        and bought_per_euro > 0
        and sold_on > converted_on - {{ var('rates_hold_days') }}
        and bought_on > converted_on - {{ var('rates_hold_days') }},
        toDecimal64(divideDecimal(bought_per_euro, sold_per_euro, 8), 8),
        null
    ) as rate,
    toDecimal64(coalesce(round(multiplyDecimal(original_value, assumeNotNull(rate), 8), 4), 0), 4) as value,
    if(is_of_order, purchase.3, visitor_id) as credited_visitor_id,
    if(is_of_order, purchase.4, person_id) as credited_person_id,
    if(is_of_order, purchase.1, occurred_at) as credited_at,
    lookback_days
from rated
