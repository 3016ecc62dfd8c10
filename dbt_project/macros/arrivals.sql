{#- What came in since the last build: the days on which it happened, late ones included. -#}
{% macro arrived_days(shipped) -%}
    {%- if not builds_days() or not is_incremental() or asked_days() -%}
        {{ return(asked_days()) }}
    {%- endif -%}
    {%- set arrived -%}
        select distinct toString(toDate(occurred_at)) as day
        from {{ shipped }}
        where loaded_at >= {{ unseen_since() }} and {{ is_kept('toDate(occurred_at)') }}
        order by day
    {%- endset -%}
    {{ return(first_column(arrived)) }}
{%- endmacro %}

{#- The days beside them that hold copies of what came in: the first copy to be received stands, wherever it is. -#}
{% macro days_of_copies(shipped, arrived) -%}
    {%- set beside = copy_days(arrived) | reject('in', arrived) | list -%}
    {%- if not beside or asked_days() or not is_incremental() -%}
        {{ return([]) }}
    {%- endif -%}
    {%- set copied -%}
        select distinct toString(toDate(occurred_at)) as day
        from {{ shipped }}
        where
            toDate(occurred_at) in {{ any_of(beside) }}
            and {{ is_kept('toDate(occurred_at)') }}
            and received_at >= {{ first_of(beside) }} - 1
            -- Whatever else has the hash of one of them is only looked at once more.
            and cityHash64(tenant_id, event_id) in (
                select cityHash64(tenant_id, event_id)
                from {{ shipped }}
                where loaded_at >= {{ unseen_since() }} and toDate(occurred_at) in {{ any_of(copy_days(beside)) }}
            )
        order by day
    {%- endset -%}
    {{ return(first_column(copied)) }}
{%- endmacro %}

{#- The days on which a copy of what happened on these days may lie: a sender's clock differs from try to try. -#}
{% macro copy_days(days) -%}
    {{ return(widened(days, back=var('copies_within_days'), ahead=var('copies_within_days'))) }}
{%- endmacro %}
