{#-
  Writes a set of changes (the rows, and `change`: inserted, updated or deleted) into a table, atomically. Does nothing when
  there are none: no snapshot is made.
-#}
{% macro write_changes(target_relation, changes, columns) -%}
  {{ return(adapter.dispatch('write_changes')(target_relation, changes, columns)) }}
{%- endmacro %}

{#- Inside the caller's transaction. DuckDB's MERGE takes one UPDATE or DELETE only, so: DELETE, then INSERT. -#}
{% macro duckdb__write_changes(target_relation, changes, columns) -%}
  {%- set key = config.require('unique_key') -%}
  {% call statement('delete') -%}
    delete from {{ target_relation }}
    where ({{ key | join(', ') }}) in (select ({{ key | join(', ') }}) from {{ changes }} where change <> 'inserted')
  {%- endcall %}
  {% call statement('main') -%}
    insert into {{ target_relation }} ({{ columns | join(', ') }})
    select distinct {{ columns | join(', ') }} from {{ changes }} where change <> 'deleted'
  {%- endcall %}
{%- endmacro %}

{% macro athena__write_changes(target_relation, changes, columns) -%}
  {%- set key = config.require('unique_key') -%}
  {% call statement('main') -%}
    merge into {{ target_relation }} as target
    using {{ changes }} as changed
    on {% for column in key %}target.{{ column }} = changed.{{ column }}{{ ' and ' if not loop.last }}{% endfor %}
    when matched and changed.change = 'deleted' then delete
    when matched then update set
      {%- for column in columns if column not in key %} {{ column }} = changed.{{ column }}{{ ',' if not loop.last }}{% endfor %}
    when not matched then insert ({{ columns | join(', ') }})
      values ({% for column in columns %}changed.{{ column }}{{ ', ' if not loop.last }}{% endfor %})
  {%- endcall %}
{%- endmacro %}
