{#-
    insert_overwrite as the adapter has it, with two differences. A day that the model says it replaces is replaced also
    when nothing of it is left: the adapter's own looks at the new rows alone and would keep the old ones. And a model
    with few rows a day may keep a month in one partition, `toYYYYMM(its day)`, so that whoever reads all of it opens
    few files: the other days of the month are carried over.
-#}
{% macro clickhouse__incremental_insert_overwrite(existing_relation, partition_by, is_distributed=False) -%}
    {%- if is_distributed -%}
        {%- do exceptions.raise_compiler_error('Models here are sharded by tenant on the server, not by dbt.') -%}
    {%- endif -%}
    {%- do lay_out_anew(existing_relation, partition_by | join) -%}
    {%- set suffix = '__dbt_new_data_' ~ invocation_id.replace('-', '_') -%}
    {%- set new_rows = existing_relation.incorporate(path={'identifier': existing_relation.identifier ~ suffix}) -%}
    {%- do drop_relation_if_exists(new_rows) -%}

    {%- call statement('main') -%}
        {{ get_create_table_as_sql(False, new_rows, sql) }}
    {%- endcall -%}

    {%- set built = built_by(sql) -%}
    {%- set days = built.days if built else [] -%}
    {%- set by_month = modules.re.match('toYYYYMM[(]([a-z_]+)[)]', partition_by | join) -%}
    {%- set partition_ids = days | map('truncate', 7 if by_month else 10, true, '', 0) | map('replace', '-', '') | unique | list -%}
    {%- if by_month and days -%}
        {%- set columns = adapter.get_columns_in_relation(existing_relation) | map(attribute='quoted') | join(', ') -%}
        {%- call statement('carry_over') -%}
            insert into {{ new_rows }} ({{ columns }})
            select {{ columns }}
            from {{ existing_relation }}
            where
                {{ by_month.group(0) }} in ({{ partition_ids | join(', ') }})
                and {{ by_month.group(1) }} not in {{ any_of(days) }}
        {%- endcall -%}
    {%- endif -%}
    {%- set replaced -%}
        select distinct partition_id
        from system.parts
        where
            active
            and database = '{{ existing_relation.schema }}'
            and (
                table = '{{ new_rows.identifier }}'
                or (
                    table = '{{ existing_relation.identifier }}'
                    and partition_id in ('{{ partition_ids | join("', '") }}')
                )
            )
        order by partition_id
    {%- endset -%}
    {%- set partitions = first_column(replaced) -%}

    {%- if partitions -%}
        {%- call statement('replace_partitions') -%}
            alter table {{ existing_relation }}
            {%- for partition in partitions %}
                replace partition id '{{ partition }}' from {{ new_rows }}{{ ',' if not loop.last }}
            {%- endfor %}
            {%- if adapter.is_at_or_after_version('26.6') %}
                settings allow_replace_partition_from_empty_source = 1
            {%- endif %}
        {%- endcall -%}
    {%- endif -%}

    {%- do adapter.drop_relation(new_rows) -%}
{%- endmacro %}

{#- A table that an earlier version partitioned otherwise keeps its rows, in partitions as they are now. -#}
{% macro lay_out_anew(relation, partition_by) -%}
    {%- set laid_out -%}
        select partition_key
        from system.tables
        where database = '{{ relation.schema }}' and name = '{{ relation.identifier }}'
    {%- endset -%}
    {%- if first_column(laid_out)[0] | replace('(', '') | replace(')', '') != partition_by | replace('(', '') | replace(')', '') -%}
        {%- set anew = relation.incorporate(path={'identifier': relation.identifier ~ '__laid_out_anew'}) -%}
        {%- do drop_relation_if_exists(anew) -%}
        {%- call statement('lay_out_anew') -%}
            {{ get_create_table_as_sql(False, anew, 'select * from ' ~ relation) }}
        {%- endcall -%}
        {%- call statement('put_in_place') -%} exchange tables {{ relation }} and {{ anew }} {%- endcall -%}
        {%- do adapter.drop_relation(anew) -%}
    {%- endif -%}
{%- endmacro %}
