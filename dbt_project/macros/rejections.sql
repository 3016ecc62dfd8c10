{#- The days of which something was refused that is not counted yet, however late a shipper told of it. -#}
{% macro days_of_rejections(rejected) -%}
    {%- if not is_incremental() or not execute or asked_days() -%}
        {{ return(asked_days() if execute else []) }}
    {%- endif -%}
    {%- set uncounted -%}
        with refused as (
            select
                toDate(received_at) as day,
                sum(events) as events
            from {{ rejected }}
            -- Days that are partly gone already stay as they were counted.
            where toDate(received_at) > today() - 89
            group by day
        ),

        counted as (
            select
                date_day as day,
                sum(rejected) as events
            from {{ this }}
            where date_day > today() - 89
            group by day
        )

        select toString(refused.day) as day
        from refused
        left any join counted on refused.day = counted.day
        where refused.events != counted.events
        order by day
    {%- endset -%}
    {{ return(first_column(uncounted)) }}
{%- endmacro %}
