{#- A version begins before it ends. -#}
{% test scd2_valid_range(model) %}
select * from {{ model }} where valid_from is null or valid_from >= valid_to
{% endtest %}
