{#- A version is current exactly when it has no end. -#}
{% test scd2_current_is_open(model) %}
select * from {{ model }} where is_current is distinct from (valid_to is null)
{% endtest %}
