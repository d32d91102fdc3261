{#- A version's id: sha256 of its key and valid_from, so the same in every rebuild, on every engine. columns: type by key column. -#}
{% macro scd2_id(columns, valid_from='valid_from') -%}
  {%- set named = dict(columns, valid_from='timestamp') -%}
  {{ sha256_hex(canonical_text(named, {'valid_from': valid_from})) }}
{%- endmacro %}
