{#- The name of the ad platform's click id in a landing page's address: a paid click, whatever its utm tags say.
    Facebook's fbclid is left out on purpose, since it is on unpaid clicks too. -#}
{% macro ad_click_id(url) -%}
    extract({{ url }}, '[?&](gclid|gbraid|wbraid|msclkid|ttclid|li_fat_id)=')
{%- endmacro %}
