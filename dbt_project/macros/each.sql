{#-
    A piece of SQL for each item, with commas between them: `{item}` is the item, `{number}` its place from `first` on and
    `{before}` the place before it.
-#}
{% macro each(items, piece, first=1) -%}
    {%- for item in items -%}
        {{ piece | replace('{item}', item) | replace('{number}', loop.index0 + first) | replace('{before}', loop.index0 + first - 1) }}
        {{- ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
