{{ config(materialized='table', order_by='(currency, rate_on)') }}

{% set is_known = is_built(this) %}

with fed as (
    select
        rate_on,
        currency,
        per_euro,
        fetched_at as said_at
    from {{ source('raw', 'exchange_rates') }}
),

-- What a team fixes itself is said last, whenever the feed was read.
fixed as (
    select
        rate_on,
        currency,
        per_euro,
        toDateTime64('2100-01-01', 3, 'UTC') as said_at
    from {{ ref('exchange_rates') }}
),

-- A euro is a euro on every day of which anything is known, and was one before.
euro as (
    select
        rate_on,
        'EUR' as currency,
        toDecimal64(1, 8) as per_euro,
        toDateTime64('2100-01-02', 3, 'UTC') as said_at
    from (
        select toDate('1999-01-01') as rate_on

        union distinct

        select rate_on from {{ source('raw', 'exchange_rates') }}

        union distinct

        select rate_on from {{ ref('exchange_rates') }}
    )
),

every as (
    select * from fed

    union all

    select * from fixed

    union all

    select * from euro
),

rates as (
    select
        rate_on,
        currency,
        argMax(per_euro, said_at) as per_euro
    from every
    group by rate_on, currency
)

-- A day that was read again and says the same has not changed: nothing is converted anew for it.
select
    rates.rate_on as rate_on,
    rates.currency as currency,
    rates.per_euro as per_euro,
    {% if is_known %}
        if(held.per_euro = rates.per_euro, held.changed_at, now64(3, 'UTC')) as changed_at
    {% else %}
        now64(3, 'UTC') as changed_at
    {% endif %}
from rates
{% if is_known %}
    left any join {{ this }} as held on rates.rate_on = held.rate_on and rates.currency = held.currency
{% endif %}
