{#- A version ends before the next one of its key begins; only the last may be open. -#}
{% test scd2_no_overlap(model, key) %}
select *
from (
  select {{ key }}, valid_from, valid_to, lead(valid_from) over (partition by {{ key }} order by valid_from) as next_valid_from
  from {{ model }}
) as versions
where next_valid_from is not null and (valid_to is null or valid_to > next_valid_from)
{% endtest %}
