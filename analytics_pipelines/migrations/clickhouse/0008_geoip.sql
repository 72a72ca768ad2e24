-- Where an event came from, beside the country: by its address, or as its sender says.
{% set names = ['$geoip_country_name', '$geoip_city_name', '$geoip_continent_code', '$geoip_subdivision_1_code', '$geoip_time_zone'] %}
{% for name in names %}
ALTER TABLE {{ stored('events') }} ADD COLUMN IF NOT EXISTS `{{ name }}` LowCardinality(Nullable(String)) DEFAULT JSONExtract(properties, '{{ name }}', 'Nullable(String)') CODEC(ZSTD(1)) AFTER `$geoip_country_code`;
{% if on_cluster %}
ALTER TABLE events {{ on_cluster }} ADD COLUMN IF NOT EXISTS `{{ name }}` LowCardinality(Nullable(String)) AFTER `$geoip_country_code`;
{% endif %}
{% endfor %}
