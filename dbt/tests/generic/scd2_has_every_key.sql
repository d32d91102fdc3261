{#- Every key of the source has a version, and every key with a version is in the source. -#}
{% test scd2_has_every_key(model, key, source, source_key) %}
select source_keys.{{ source_key }} as source_key, versions.{{ key }} as version_key
from (select distinct {{ source_key }} from {{ source }} where {{ source_key }} is not null) as source_keys
full join (select distinct {{ key }} from {{ model }}) as versions on source_keys.{{ source_key }} = versions.{{ key }}
where source_keys.{{ source_key }} is null or versions.{{ key }} is null
{% endtest %}
