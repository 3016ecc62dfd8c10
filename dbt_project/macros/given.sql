{#- What whoever reads a view with parameters gives; a linter, for whom nothing runs, sees a literal. -#}
{% macro given(name, type) -%}
    {%- if execute -%} { {{- name }}:{{ type -}} } {%- else -%} cast('0' as {{ type }}) {%- endif -%}
{%- endmacro %}
