{#-
    Which days an incremental model has to build again.

    A day is built again when anything that happened on it arrived lately, where "lately" starts `lookback_days`
    before the newest day the model holds. A late event therefore brings its own day back, however old it is, and a
    build that is repeated gives the same rows.

    A day is also built again when what its events mean was computed again since. Rows carry the moment of that, so
    that each model knows which recomputes it has seen: a whole history may be computed again, and each of its days is
    built once.

    The days are asked for once, before the model runs, and stand in its SQL as they are: every part of the model
    agrees on them, ClickHouse skips all other partitions, and `replacing` tells insert_overwrite to empty a day of
    which nothing is left.
-#}

{#- The days on which something arrived lately, or was computed again and is not known here yet; in order. -#}
{% macro changed_days(upstream, day, own_day, only='true') -%}
    {%- set arrived = arrived_days(upstream, day, own_day, only=only) -%}
    {{ return(widened(arrived + recomputed_days(upstream, day, own_day, only=only))) }}
{%- endmacro %}

{#- The days on which something happened that arrived lately; none on a first or full build. -#}
{% macro arrived_days(upstream, day, own_day, arrived_at='received_at', only='true') -%}
    {%- if not execute or not is_incremental() -%}
        {{ return([]) }}
    {%- endif -%}
    {%- if var('rebuild_from') and var('rebuild_to') -%}
        {{ return(days_between(var('rebuild_from'), var('rebuild_to'))) }}
    {%- endif -%}
    {%- set arrived -%}
        select distinct toString({{ day }}) as day
        from {{ upstream }}
        where
            {{ arrived_at }} >= {{ watermark(own_day) }}
            and {{ only }}
        order by day
    {%- endset -%}
    {{ return(first_column(arrived)) }}
{%- endmacro %}

{#- The days of which something was computed again later than anything that this model holds of them. -#}
{% macro recomputed_days(upstream, day, own_day, only='true') -%}
    {%- if not execute or not is_incremental() or (var('rebuild_from') and var('rebuild_to')) -%}
        {{ return([]) }}
    {%- endif -%}
    {%- set recomputed -%}
        select toString(computed.day) as day
        from (
            select {{ day }} as day, max(recomputed_at) as newest
            from {{ upstream }}
            where recomputed_at >= {{ watermark(own_day) }} and {{ only }}
            group by day
        ) as computed
        left any join (
            select {{ own_day }} as day, max(recomputed_at) as newest
            from {{ this }}
            where recomputed_at >= {{ watermark(own_day) }}
            group by day
        ) as held on computed.day = held.day
        where computed.newest > held.newest
        order by day
    {%- endset -%}
    {{ return(first_column(recomputed)) }}
{%- endmacro %}

{#- The first column of what a query finds; an answer without rows comes without columns too. -#}
{% macro first_column(query) -%}
    {{ return(run_query(query).rows | map(attribute=0) | list) }}
{%- endmacro %}

{#- From here on something counts as late: a few days before the newest partition, which is known without reading a row,
    and never in the future, whatever clock an event came from. -#}
{% macro watermark(own_day) -%}
    (
        select greatest(least(max({{ own_day }}), today()), toDate('2000-01-01')) - {{ var('lookback_days') }}
        from {{ this }}
    )
{%- endmacro %}

{#- Every day from the first to the last. -#}
{% macro days_between(first, last) -%}
    {%- set first_day = modules.datetime.date.fromisoformat(first) -%}
    {%- set length = (modules.datetime.date.fromisoformat(last) - first_day).days + 1 -%}
    {%- set days = [] -%}
    {%- for offset in range(length) -%}
        {%- do days.append((first_day + modules.datetime.timedelta(days=offset)).isoformat()) -%}
    {%- endfor -%}
    {{ return(days) }}
{%- endmacro %}

{#- The days and their neighbours, in order, each once. -#}
{% macro widened(days, back=0, ahead=0) -%}
    {%- set wide = [] -%}
    {%- for day in days -%}
        {%- set middle = modules.datetime.date.fromisoformat(day) -%}
        {%- for offset in range(-back, ahead + 1) -%}
            {%- do wide.append((middle + modules.datetime.timedelta(days=offset)).isoformat()) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(wide | unique | sort | list) }}
{%- endmacro %}

{#- The days as the right-hand side of `in`. -#}
{% macro any_of(days) -%}
    {%- if days -%} ('{{ days | join("', '") }}') {%- else -%} (toDate('1970-01-01')) {%- endif -%}
{%- endmacro %}

{#- The first of the days as a date; far in the future where there are none. -#}
{% macro first_of(days) -%}
    toDate('{{ days[0] if days else "2100-01-01" }}')
{%- endmacro %}

{#- Says in the SQL itself which days it replaces. -#}
{% macro replacing(days) -%}
    /* replaces {{ days | join(' ') }} */
{%- endmacro %}
