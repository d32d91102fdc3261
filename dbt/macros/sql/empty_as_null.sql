{#- Without surrounding spaces; nothing left counts as NULL. `both ' '` because the engines' own trim differ in what a space is. -#}
{% macro empty_as_null(expression) -%}
  nullif(trim(both ' ' from {{ expression }}), '')
{%- endmacro %}
