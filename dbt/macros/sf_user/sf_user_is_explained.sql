{#-
  Whether a version that a run would remove is explained: the log still has a row at its beginning, which by now opens
  nothing. A version without such a row is history that only the dimension remembers; see keyed_table.

  version: alias of the row that would go
-#}
{% macro sf_user_is_explained(version) -%}
  exists (
    select 1
    from {{ sf_user_log() }} as log
    where log.id = {{ version }}.user_id and log.system_modstamp = {{ version }}.valid_from
  )
{%- endmacro %}

{#-
  The raw log, for models that otherwise read it through staging. Found in the graph, not by source(): that would add an
  edge past staging, and the dimension would be stale whenever a row landed, even one that changes nothing in staging.
-#}
{% macro sf_user_log() -%}
  {%- for node in graph.sources.values() if node.source_name == 'sf_raw' and node.name == 'sf_user' -%}
    {{ return(api.Relation.create(database=node.database, schema=node.schema, identifier=node.identifier)) }}
  {%- endfor -%}
{%- endmacro %}
