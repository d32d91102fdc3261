{#-
  SCD Type 2 versions of the ordered rows of each key. One row per key and version.

  rows:         relation or subquery, at most one row per key and order column; neither is NULL
  key:          columns that name a thing
  order_column: orders a thing's rows; a row that arrives late is spliced in where it belongs
  tracked:      columns, and deletion, whose change (null-safe) opens a version; kept
  carried:      columns that open nothing: they are those of the version's last row
  opened:       source column by new name: those of the row that opened the version

  Adds valid_from (inclusive), valid_to (exclusive, NULL when open) and is_current. Reads no clock: the same rows give
  the same versions, so a rebuild is a replay.
-#}
{% macro scd2_versions(rows, key, order_column, tracked, carried=[], opened={}) -%}
{%- set over_key = "over (partition by " ~ key | join(", ") ~ " order by " ~ order_column ~ ")" -%}
with neighbours as (
  select
    r.*,
    lag({{ order_column }}) {{ over_key }} is null as is_first,
    lead({{ order_column }}) {{ over_key }} is null as is_last
    {%- for column in tracked %},
    lag({{ column }}) {{ over_key }} as before_{{ loop.index }},
    lead({{ column }}) {{ over_key }} as after_{{ loop.index }}
    {%- endfor %}
  from {{ rows }} as r
),

marked as (
  select
    n.*,
    is_first {%- for column in tracked %} or {{ column }} is distinct from before_{{ loop.index }} {%- endfor %} as opens,
    is_last {%- for column in tracked %} or {{ column }} is distinct from after_{{ loop.index }} {%- endfor %} as closes
  from neighbours as n
),

{#- With only the rows at the ends of a version left, the row before a closing one opened it, the row after opens the next. #}
ends as (
  select
    m.*,
    case when opens then {{ order_column }} else lag({{ order_column }}) {{ over_key }} end as valid_from,
    lead({{ order_column }}) {{ over_key }} as valid_to
    {%- for name, column in opened.items() %},
    case when opens then {{ column }} else lag({{ column }}) {{ over_key }} end as opened_{{ name }}
    {%- endfor %}
  from marked as m
  where opens or closes
)

select
  {% for column in key + tracked + carried -%} {{ column }}, {% endfor %}
  {% for name in opened -%} opened_{{ name }} as {{ name }}, {% endfor %}
  valid_from,
  valid_to,
  valid_to is null as is_current
from ends
where closes
{%- endmacro %}
