{#-
  A row's text for hashing, the same on every engine: a JSON object, names sorted, NULL as null and every value as a
  string, so that ('v1', '23') never has the text of ('v12', '3') and NULL never that of ''.

  columns: type by column name; `string`, `boolean` or `timestamp`. expressions: SQL by name where it isn't the name.
-#}
{% macro canonical_text(columns, expressions={}) -%}
  {%- set parts = [] -%}
  {%- for name, type in columns | dictsort -%}
    {%- set value = canonical_value(expressions.get(name, name), type) -%}
    {%- do parts.append("'" ~ ('{' if loop.first else ',') ~ '"' ~ name ~ '":\' || coalesce(\'"\' || ' ~ value ~ ' || \'"\', \'null\')') -%}
  {%- endfor -%}
  {{ parts | join(' || ') }} || '}'
{%- endmacro %}

{% macro canonical_value(expression, type) -%}
  {%- if type == 'timestamp' -%}
    {{ timestamp_text(expression) }}
  {%- elif type == 'boolean' -%}
    cast({{ expression }} as varchar)
  {%- elif type == 'string' -%}
    replace(replace({{ expression }}, '\', '\\'), '"', '\"')
  {%- else -%}
    {{ exceptions.raise_compiler_error("canonical_text: expected string, boolean or timestamp for " ~ expression ~ ", got " ~ type) }}
  {%- endif -%}
{%- endmacro %}

{#- `2026-01-31 09:30:00.000000` -#}
{% macro timestamp_text(expression) -%}
  {{ return(adapter.dispatch('timestamp_text')(expression)) }}
{%- endmacro %}

{% macro duckdb__timestamp_text(expression) -%}
  strftime({{ expression }}, '%Y-%m-%d %H:%M:%S.%f')
{%- endmacro %}

{#- Not date_format: it stops at milliseconds. -#}
{% macro athena__timestamp_text(expression) -%}
  cast(cast({{ expression }} as timestamp(6)) as varchar)
{%- endmacro %}

{#- Lower-case hex of a text's UTF-8 bytes. -#}
{% macro sha256_hex(text) -%}
  {{ return(adapter.dispatch('sha256_hex')(text)) }}
{%- endmacro %}

{% macro duckdb__sha256_hex(text) -%}
  sha256({{ text }})
{%- endmacro %}

{% macro athena__sha256_hex(text) -%}
  lower(to_hex(sha256(to_utf8({{ text }}))))
{%- endmacro %}
