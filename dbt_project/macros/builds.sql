{#-
    Which days an incremental model has to build again: the ledger of builds.

    Every daily model is a table with a partition a day. After each build it writes into `intermediate.builds` up to
    which moment each of its days is built. A day is built again when a day that it reads was built after it, be that
    because an event came late, because rules were computed again, or because somebody built it by hand. So today's
    run touches today's rows and those that late events changed, whatever the length of the history, and a build that
    is repeated, was killed half-way or left out does no harm.

    The days are asked for once, before the model runs, and stand in its SQL as they are: every part of the model
    agrees on them, ClickHouse skips all other partitions, and insert_overwrite empties a day of which nothing is left.
-#}

{#- Days that stand for something else than a day. -#}
{% macro all_days() -%} 1970-01-01 {%- endmacro %}
{% macro arrivals() -%} 1970-01-02 {%- endmacro %}

{#- The moment up to which this build sees what others wrote. -#}
{% macro begin_build() -%}
    {{ return(first_column("select toString(now64(6, 'UTC'))")[0] if execute else '') }}
{%- endmacro %}

{#- Whether the model builds days; otherwise it builds all there are. -#}
{% macro builds_days() -%}
    {{ return(execute and is_incremental()) }}
{%- endmacro %}

{#- The days that a person asked for, in place of those that are due. -#}
{% macro asked_days() -%}
    {%- if var('rebuild_from') and var('rebuild_to') -%}
        {{ return(days_between(var('rebuild_from'), var('rebuild_to'))) }}
    {%- endif -%}
    {{ return([]) }}
{%- endmacro %}

{#-
    The days of this model that read a day of `upstream` which was built later than they were. What happened on a day
    is read from `back` days before it until `ahead` days after it. Only days that `among` (or this model) has count.
-#}
{% macro outdated_days(upstream, back=0, ahead=0, among=none) -%}
    {%- if not builds_days() or asked_days() -%}
        {{ return(asked_days() if builds_days() else []) }}
    {%- endif -%}
    {%- set outdated -%}
        with own as (
            select
                day,
                max(built_at) as built_at
            from intermediate.builds
            where model = '{{ this.identifier }}'
            group by day
        ),

        upstream as (
            select
                day,
                max(built_at) as built_at
            from (
                select
                    day,
                    built_at
                from intermediate.builds
                where model = '{{ upstream.identifier }}' and day > toDate('{{ arrivals() }}')
                union all
                select
                    days.day as day,
                    wholes.built_at as built_at
                from ({{ days_of(upstream) }}) as days
                cross join (
                    select built_at
                    from intermediate.builds
                    where model = '{{ upstream.identifier }}' and day = toDate('{{ all_days() }}')
                ) as wholes
            )
            group by day
        ),

        reading as (
            select
                day + offset as day,
                max(built_at) as built_at
            from upstream
            array join range(-{{ back }}, {{ ahead + 1 }}) as offset
            group by day
        )

        select toString(reading.day) as day
        from reading
        left any join own on reading.day = own.day
        where
            reading.built_at > greatest(
                own.built_at, (select max(built_at) from own where day = toDate('{{ all_days() }}'))
            )
            and (
                reading.day in ({{ days_of(among or upstream) }})
                or reading.day in ({{ days_of(this) }})
            )
            and {{ is_kept('reading.day') }}
        order by day
    {%- endset -%}
    {{ return(first_column(outdated)) }}
{%- endmacro %}

{#- The days that are not built yet by what a small table says, which is read as a whole: `changed_at` tells since when. -#}
{% macro days_before_change(changes, among, changed_at='changed_at') -%}
    {%- if not builds_days() or asked_days() -%}
        {{ return([]) }}
    {%- endif -%}
    {%- set outdated -%}
        with own as (
            select
                day,
                max(built_at) as built_at
            from intermediate.builds
            where model = '{{ this.identifier }}'
            group by day
        )

        select toString(days.day) as day
        from ({{ days_of(among) }} union distinct {{ days_of(this) }}) as days
        left any join own on days.day = own.day
        where
            -- Two clocks may differ.
            (select max({{ changed_at }}) from {{ changes }}) + toIntervalMinute(1) > greatest(
                own.built_at, (select max(built_at) from own where day = toDate('{{ all_days() }}'))
            )
            and {{ is_kept('days.day') }}
        order by day
    {%- endset -%}
    {{ return(first_column(outdated)) }}
{%- endmacro %}

{#- The days of which a table has rows. -#}
{% macro days_of(relation) -%}
    select distinct toDateOrZero(partition) as day
    from system.parts
    where active and database = '{{ relation.schema }}' and table = '{{ relation.identifier }}'
{%- endmacro %}

{#- Raw events are not kept for ever: what was built of them while they were there stays as it is. -#}
{% macro is_kept(day) -%}
    {{ day }} > today() - {{ env_var('DBT_EVENTS_TTL_DAYS', '400') }} + 1
{%- endmacro %}

{#- From which moment on something that was loaded was not seen by the last build: with the time a load may take. -#}
{% macro unseen_since() -%}
    (
        select max(built_at) - toIntervalMinute({{ var('loading_minutes') }})
        from intermediate.builds
        where model = '{{ this.identifier }}' and day in (toDate('{{ all_days() }}'), toDate('{{ arrivals() }}'))
    )
{%- endmacro %}

{#- Says in the SQL itself what it builds, and up to which moment. -#}
{% macro building(days, as_of) -%}
    /* builds {{ (days | join(' ') or 'nothing') if builds_days() else 'all days' }} as of {{ as_of }} */
{%- endmacro %}

{#- The same, of a model that is no table of days and brings up to date whatever changed. -#}
{% macro building_all(as_of) -%}
    /* builds all days as of {{ as_of }} */
{%- endmacro %}

{#- Up to which moment this model is built, all of it. -#}
{% macro last_built() -%}
    (
        select max(built_at)
        from intermediate.builds
        where model = '{{ this.identifier }}' and day = toDate('{{ all_days() }}')
    )
{%- endmacro %}

{#- What a model's SQL says that it builds. -#}
{% macro built_by(sql) -%}
    {%- set said = modules.re.search('/[*] builds ([a-z0-9 -]*) as of ([0-9 .:-]*) [*]/', sql or '') -%}
    {%- if not said -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set whole = said.group(1) == 'all days' -%}
    {%- set days = [] if whole or said.group(1) == 'nothing' else said.group(1).split() -%}
    {{ return({'whole': whole, 'days': days, 'as_of': said.group(2)}) }}
{%- endmacro %}

{#- Writes into the ledger what a model has built; a day that was asked for says nothing of what has arrived elsewhere. -#}
{% macro remember_build(sql) -%}
    {%- set built = built_by(sql) -%}
    {%- if execute and built -%}
        {%- set whole = [all_days(), arrivals()] if built.whole else [] -%}
        {%- set looked = [] if built.whole or asked_days() else [arrivals()] -%}
        insert into intermediate.builds (model, day, built_at)
        select
            '{{ this.identifier }}' as model,
            arrayJoin(arrayMap(day -> toDate(day), ['{{ (whole + looked + built.days) | join("', '") }}'])) as day,
            toDateTime64('{{ built.as_of }}', 6, 'UTC') as built_at
    {%- endif -%}
{%- endmacro %}

{#- The first column of what a query finds; an answer without rows comes without columns too. -#}
{% macro first_column(query) -%}
    {{ return(run_query(query).rows | map(attribute=0) | list) }}
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
