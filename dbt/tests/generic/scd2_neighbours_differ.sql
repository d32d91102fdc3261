{#- Two versions that follow each other differ in a tracked column, null-safe. -#}
{% test scd2_neighbours_differ(model, key, tracked) %}
select *
from (
  select
    {{ key }},
    valid_from,
    lag(valid_from) over (partition by {{ key }} order by valid_from) as before_valid_from
    {%- for column in tracked %},
    {{ column }},
    lag({{ column }}) over (partition by {{ key }} order by valid_from) as before_{{ column }}
    {%- endfor %}
  from {{ model }}
) as versions
where before_valid_from is not null
  {%- for column in tracked %}
  and {{ column }} is not distinct from before_{{ column }}
  {%- endfor %}
{% endtest %}
