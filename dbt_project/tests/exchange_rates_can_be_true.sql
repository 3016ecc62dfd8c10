-- Rates that nothing could be divided by, and currencies that no event can name: a slip in the fixed ones.
select
    rate_on,
    currency,
    per_euro
from {{ ref('stg_exchange_rates') }}
where per_euro <= 0 or not match(currency, '^[A-Z]{3}$') or (currency = 'EUR' and per_euro != 1)
