{#- The days on which something was refused since the last build, with the one before: shippers may have been down. -#}
{% macro days_of_rejections(rejected) -%}
    {%- if not is_incremental() or not execute or asked_days() -%}
        {{ return(asked_days() if execute else []) }}
    {%- endif -%}
    {%- set refused -%}
        select distinct toString(toDate(received_at)) as day
        from {{ rejected }}
        -- Days that are partly gone already stay as they were counted.
        where received_at >= {{ unseen_since() }} - toIntervalDay(3) and toDate(received_at) > today() - 89
        order by day
    {%- endset -%}
    {{ return(first_column(refused)) }}
{%- endmacro %}
