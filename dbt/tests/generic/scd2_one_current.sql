{#- Every key that ever existed has exactly one current row. -#}
{% test scd2_one_current(model, key) %}
select {{ key }}, count(*) as versions, sum(case when is_current then 1 else 0 end) as current_versions
from {{ model }}
group by {{ key }}
having sum(case when is_current then 1 else 0 end) <> 1
{% endtest %}
