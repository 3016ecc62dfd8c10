{#-
    insert_overwrite as the adapter has it, with one difference: a day that the model says it replaces is replaced
    also when nothing of it is left. The adapter's own looks at the new rows alone and would keep the old ones.
-#}
{% macro clickhouse__incremental_insert_overwrite(existing_relation, partition_by, is_distributed=False) -%}
    {%- if is_distributed -%}
        {%- do exceptions.raise_compiler_error('Models here are sharded by tenant on the server, not by dbt.') -%}
    {%- endif -%}
    {%- set suffix = '__dbt_new_data_' ~ invocation_id.replace('-', '_') -%}
    {%- set new_rows = existing_relation.incorporate(path={'identifier': existing_relation.identifier ~ suffix}) -%}
    {%- do drop_relation_if_exists(new_rows) -%}

    {%- call statement('main') -%}
        {{ get_create_table_as_sql(False, new_rows, sql) }}
    {%- endcall -%}

    {%- set built = built_by(sql) -%}
    {%- set days = built.days if built else [] -%}
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
                    and partition_id in ('{{ days | map('replace', '-', '') | join("', '") }}')
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
