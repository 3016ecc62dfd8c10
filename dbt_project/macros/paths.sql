{#- How far back any goal looks. -#}
{% macro longest_lookback(conversions) -%}
    {%- if not builds_days() -%}
        {{ return(0) }}
    {%- endif -%}
    {{ return((first_column("select max(lookback_days) from " ~ conversions) or [0])[0] | int) }}
{%- endmacro %}

{#- The first day that may hold a touch of what was converted on these days; a refund looks back from its purchase. -#}
{% macro first_touch_day(conversions, days, lookback) -%}
    (
        select toDate(min(credited_at)) - {{ lookback }} - 1
        from {{ conversions }}
        where converted_on in {{ any_of(days) }}
    )
{%- endmacro %}

{#- The days of refunds whose purchases were led to by what happened on days that are built anew. -#}
{% macro days_of_old_orders(conversions, touchpoints) -%}
    {%- if not builds_days() or asked_days() -%}
        {{ return([]) }}
    {%- endif -%}
    {%- set touched = built_since(touchpoints) -%}
    {%- if not touched -%}
        {{ return([]) }}
    {%- endif -%}
    {%- set refunded -%}
        select distinct toString(converted_on) as day
        from {{ conversions }}
        where
            is_refund
            and converted_on >= {{ first_of(touched) }}
            and credited_at >= toDateTime64('{{ touched[0] }} 00:00:00', 3, 'UTC')
        order by day
    {%- endset -%}
    {{ return(first_column(refunded)) }}
{%- endmacro %}
