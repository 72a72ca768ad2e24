-- What sessions say of clicks that lead away and of how fast pages show: read from events of one kind, out of their
-- properties, which are the bulk of an event.
{% for name in ['$external_click_url', '$web_vitals_LCP_value'] %}
ALTER TABLE {{ stored('events') }} ADD COLUMN IF NOT EXISTS `{{ name }}` Nullable(String) DEFAULT JSONExtract(properties, '{{ name }}', 'Nullable(String)') CODEC(ZSTD(1)) AFTER fbclid;
{% if on_cluster %}
ALTER TABLE events {{ on_cluster }} ADD COLUMN IF NOT EXISTS `{{ name }}` Nullable(String) AFTER fbclid;
{% endif %}
{% endfor %}

-- A batch asks for so many uuids that a bloom filter lets every granule pass.
ALTER TABLE {{ stored('events') }} DROP INDEX IF EXISTS uuid_bloom;

-- A uuid of version 7 holds when it was made, and is looked for on the days since then. Few events arrive before that,
-- from clocks that are days ahead: by this index they are found among all days.
ALTER TABLE {{ stored('events') }} ADD INDEX IF NOT EXISTS made_ahead
    dateDiff('day', arrival_day, toDate(UUIDv7ToDateTime(uuid, 'UTC'))) TYPE minmax GRANULARITY 1;
ALTER TABLE {{ stored('events') }} MATERIALIZE INDEX made_ahead;
