{#- A version ends where the next one of its key begins, unless the thing was deleted in between. -#}
{% test scd2_no_gap(model, key, deleted) %}
select *
from (
  select
    {{ key }},
    valid_from,
    valid_to,
    {{ deleted }} as was_deleted,
    lead(valid_from) over (partition by {{ key }} order by valid_from) as next_valid_from
  from {{ model }}
) as versions
where valid_to < next_valid_from and not was_deleted
{% endtest %}
