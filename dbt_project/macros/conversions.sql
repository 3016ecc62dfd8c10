{#- How far apart two conversions of one person may lie and still count as one, by any goal. -#}
{% macro longest_once(goals) -%}
    {%- if not builds_days() -%}
        {{ return(0) }}
    {%- endif -%}
    {{ return((first_column("select max(if(counting = 'once', once_days, 0)) from " ~ goals) or [0])[0] | int) }}
{%- endmacro %}

{#- The days on which what was bought on these days is given back. -#}
{% macro days_of_refunds(events, goals, days) -%}
    {%- if not days or asked_days() -%}
        {{ return([]) }}
    {%- endif -%}
    {%- set refunded -%}
        select distinct toString(occurred_on) as day
        from {{ events }}
        where
            event in (select refund_event from {{ goals }})
            and occurred_on >= {{ first_of(days) }}
            and order_id != ''
            and (tenant_id, order_id) in (
                select
                    tenant_id,
                    order_id
                from {{ events }}
                where event in (select event from {{ goals }}) and occurred_on in {{ any_of(days) }}
            )
        order by day
    {%- endset -%}
    {{ return(first_column(refunded)) }}
{%- endmacro %}

{#- The days whose rates came in after they were built; a rate holds until the next one. -#}
{% macro days_of_rates(rates, among) -%}
    {%- if not builds_days() or asked_days() -%}
        {{ return([]) }}
    {%- endif -%}
    {%- set restated -%}
        with rated as (
            select
                rate_on + offset as day,
                max(changed_at) as changed_at
            from {{ rates }}
            array join range(0, {{ var('rates_hold_days') }}) as offset
            group by day
        )

        select toString(rated.day) as day
        from rated
        left any join ({{ built_days(this) }}) as own on rated.day = own.day
        where
            rated.changed_at > own.built_at
            and rated.day in ({{ days_of(among) }})
            and {{ is_kept('rated.day') }}
        order by day
    {%- endset -%}
    {{ return(first_column(restated)) }}
{%- endmacro %}
