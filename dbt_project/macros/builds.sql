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

{#- A day that stands for all that a model looks for or holds. -#}
{% macro all_days() -%} 1970-01-01 {%- endmacro %}

{#- The moment up to which this build sees what others wrote. -#}
{% macro begin_build() -%}
    {{ return((first_column("select toString(now64(6, 'UTC'))") or [''])[0]) }}
{%- endmacro %}

{#- The moment up to which another model has looked, for one that does what that one has found. -#}
{% macro moment_of(model) -%}
    {{ return((first_column('select toString(' ~ last_built(model) ~ ')') or [''])[0]) }}
{%- endmacro %}

{#- Whether the model is built a day at a time; a unit test gives it rows and no days. -#}
{% macro builds_days() -%}
    {{ return(execute or is_incremental()) }}
{%- endmacro %}

{#- The days that a person asked for, in place of those that are due. -#}
{% macro asked_days() -%}
    {%- if execute and var('rebuild_from') and var('rebuild_to') -%}
        {{ return(days_between(var('rebuild_from'), var('rebuild_to'))) }}
    {%- endif -%}
    {{ return([]) }}
{%- endmacro %}

{#- Up to which moment each day of a model is built: the last word on each. A model that begins anew has none. -#}
{% macro built_days(model) -%}
    select
        day,
        argMax(built_at, noted_at) as built_at
    from intermediate.builds
    where model = '{{ model.identifier }}' {{ 'and false' if model == this and not is_incremental() }}
    group by day
{%- endmacro %}

{#-
    The days of this model that read a day of `upstream` which was built later than they were. What happened on a day
    is read from `back` days before it until `ahead` days after it. Only days that `among` (or this model) has count.
-#}
{% macro outdated_days(upstream, back=0, ahead=0, among=none) -%}
    {%- if not builds_days() -%}
        {{ return([]) }}
    {%- endif -%}
    {%- if asked_days() -%}
        {{ return(asked_days()) }}
    {%- endif -%}
    {%- set outdated -%}
        with reading as (
            select
                upstream.day + offset as day,
                max(upstream.built_at) as built_at
            from ({{ built_days(upstream) }}) as upstream
            array join range(-{{ back }}, {{ ahead + 1 }}) as offset
            where upstream.day > toDate('{{ all_days() }}')
            group by day
        )

        select toString(reading.day) as day
        from reading
        left any join ({{ built_days(this) }}) as own on reading.day = own.day
        where
            reading.built_at > own.built_at
            and (
                reading.day in ({{ days_of(among or upstream) }})
                or reading.day in ({{ days_of(this) }})
            )
            and {{ is_kept('reading.day') }}
        order by day
    {%- endset -%}
    {{ return(first_column(outdated)) }}
{%- endmacro %}

{#- Postgres's clock and this one may differ a little. -#}
{% macro on_clock(clock) -%}
    {{ '+ toIntervalSecond(' ~ var('clocks_differ_seconds') ~ ')' if clock == 'records' }}
{%- endmacro %}

{#- The days that are not built yet by what a small table says, which is read as a whole: `changed_at` tells since when. -#}
{% macro days_before_change(changes, among, changed_at='changed_at', clock='records') -%}
    {%- if not builds_days() or asked_days() -%}
        {{ return([]) }}
    {%- endif -%}
    {%- set outdated -%}
        select toString(days.day) as day
        from ({{ days_of(among) }} union distinct {{ days_of(this) }}) as days
        left any join ({{ built_days(this) }}) as own on days.day = own.day
        where
            (select max({{ changed_at }}) from {{ changes }}) {{ on_clock(clock) }} > own.built_at
            and {{ is_kept('days.day') }}
        order by day
    {%- endset -%}
    {{ return(first_column(outdated)) }}
{%- endmacro %}

{#- The days of another model that were built since this one, or the one that reads them, last looked. -#}
{% macro built_since(upstream, reader=this) -%}
    {%- if not builds_days() or (reader == this and not is_incremental()) or asked_days() -%}
        {{ return([]) }}
    {%- endif -%}
    {%- set built -%}
        select toString(upstream.day) as built
        from ({{ built_days(upstream) }}) as upstream
        where upstream.day > toDate('{{ all_days() }}') and upstream.built_at > {{ last_built(reader) }}
        order by built
    {%- endset -%}
    {{ return(first_column(built)) }}
{%- endmacro %}

{#-
    As many of the days, the newest first, as one build takes on: what they read of `upstream` stays bounded, however much
    is due after a change of terms or with a long history. The others are noted as owed, and later builds take them on.
-#}
{% macro taken_on(days, upstream) -%}
    {%- if not builds_days() or asked_days() or days | length < 2 -%}
        {{ return(days) }}
    {%- endif -%}
    {%- set affordable -%}
        with sized as (
            select
                toDateOrZero(partition) as day,
                sum(rows) as size
            from system.parts
            where active and database = '{{ upstream.schema }}' and table = '{{ upstream.identifier }}'
            group by day
        ),

        due as (
            select
                days.day as day,
                sum(sized.size) over (order by days.day desc) as size
            from (select arrayJoin(arrayMap(day -> toDate(day), ['{{ days | join("', '") }}'])) as day) as days
            left any join sized on days.day = sized.day
        )

        select toString(due.day) as affordable
        from due
        where due.size <= {{ var('most_rows_at_once') }} or due.day = toDate('{{ days[-1] }}')
        order by affordable
    {%- endset -%}
    {{ return(first_column(affordable)) }}
{%- endmacro %}

{#- The days of which a table has rows; where it keeps a month together, also those between them. -#}
{% macro days_of(relation) -%}
    select distinct arrayJoin(arrayMap(days -> min_date + days, range(toUInt32(max_date - min_date) + 1))) as day
    from system.parts
    where active and database = '{{ relation.schema }}' and table = '{{ relation.identifier }}'
{%- endmacro %}

{#- Raw events are not kept for ever: what was built of them while they were there stays as it is. -#}
{% macro is_kept(day) -%}
    {{ day }} > today() - {{ env_var('DBT_EVENTS_TTL_DAYS', '400') if execute else 400 }} + 1
{%- endmacro %}

{#- From which moment on something that was loaded was not seen by the last build: with the time a load may take. -#}
{% macro unseen_since() -%}
    ({{ last_built() }} - toIntervalMinute({{ var('loading_minutes') }}))
{%- endmacro %}

{#- Up to which moment all of this model is built, or all was looked for that may have come in. -#}
{% macro last_built(model=this) -%}
    (select max(built_at) from ({{ built_days(model) }}) where day = toDate('{{ all_days() }}'))
{%- endmacro %}

{#- Says in the SQL itself what it builds, up to which moment, and which days it owes; `all` is all there are. -#}
{% macro building(days, as_of, due=[]) -%}
    {%- set owed = due | reject('in', days) | join(' ') -%}
    /* builds {{ days if days is string else days | join(' ') or 'nothing' }} as of {{ as_of }} owing {{ owed or 'nothing' }} */
{%- endmacro %}

{#- What a model's SQL says that it builds. -#}
{% macro built_by(sql) -%}
    {%- set said = modules.re.search('/[*] builds ([a-z0-9 -]*) as of ([0-9 .:-]*) owing ([a-z0-9 -]*) [*]/', sql or '') -%}
    {%- if not said -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set days = [] if said.group(1) in ('all', 'nothing') else said.group(1).split() -%}
    {%- set owed = [] if said.group(3) == 'nothing' else said.group(3).split() -%}
    {{ return({'all': said.group(1) == 'all', 'days': days, 'as_of': said.group(2), 'owed': owed}) }}
{%- endmacro %}

{#- Before a model begins anew: nothing of it is built any more, should this be cut off. -#}
{% macro forget_builds() -%}
    {%- if execute and not is_incremental() -%}
        insert into intermediate.builds (model, day, built_at)
        select distinct
            model,
            day,
            toDateTime64(0, 6, 'UTC') as built_at
        from intermediate.builds
        where model = '{{ this.identifier }}'
    {%- endif -%}
{%- endmacro %}

{#- Writes into the ledger what a model has built; a day that was asked for says nothing of what has arrived elsewhere. -#}
{% macro remember_build(sql) -%}
    {%- set built = built_by(sql) -%}
    {%- if execute and built -%}
        {%- set looked = [] if asked_days() else [all_days()] -%}
        insert into intermediate.builds (model, day, built_at)
        select
            '{{ this.identifier }}' as model,
            day,
            toDateTime64('{{ built.as_of }}', 6, 'UTC') as built_at
        from (
            select arrayJoin(arrayMap(day -> toDate(day), [{{ quoted(looked + built.days) }}]::Array(String))) as day
            {% if built.all %}
                union distinct
                {{ days_of(this) }}
            {% endif %}
        )
        union all
        select
            '{{ this.identifier }}' as model,
            arrayJoin(arrayMap(day -> toDate(day), [{{ quoted(built.owed) }}]::Array(String))) as day,
            toDateTime64(0, 6, 'UTC') as built_at
    {%- endif -%}
{%- endmacro %}

{% macro quoted(days) -%}
    {%- for day in days -%} '{{ day }}' {{- ', ' if not loop.last }} {%- endfor -%}
{%- endmacro %}

{#- The first column of what a query finds; an answer without rows comes without columns too. -#}
{% macro first_column(query) -%}
    {{ return(run_query(query).rows | map(attribute=0) | list if execute else []) }}
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

{#- A moment after all others that a Date can hold too: of what lies beyond, parts are left out by mistake. -#}
{% macro never() -%} toDateTime64('2100-01-01 00:00:00', 3, 'UTC') {%- endmacro %}

{#- The first of the days as a date; far in the future where there are none. -#}
{% macro first_of(days) -%}
    toDate('{{ days[0] if days else "2100-01-01" }}')
{%- endmacro %}
