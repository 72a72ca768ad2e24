-- Made anew, and filled from the bucket: a partition is a day of arrival, so that a day can be loaded again beside the
-- old one and take its place at once; and what questions read most has a column of its own.
DROP TABLE IF EXISTS {{ stored('events') }} SYNC;

{% if on_cluster %}
DROP TABLE IF EXISTS events {{ on_cluster }} SYNC;
{% endif %}

-- What happened: one row an event, each uuid once in a project. A row follows from one line of the bucket alone, but for
-- `person_id`: of the distinct id alone, until a squash writes who that is by now.
-- Columns named like properties hold what `properties` hold; a new one is filled from there when it is read.
CREATE TABLE IF NOT EXISTS {{ stored('events') }}
(
    team_id        Int64,
    uuid           UUID,
    event          String CODEC(ZSTD(1)),
    distinct_id    String CODEC(ZSTD(1)),
    person_id      UUID CODEC(ZSTD(1)),
    timestamp      DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    properties     String CODEC(ZSTD(1)),
    elements_chain String CODEC(ZSTD(1)),
    has_person     Bool,
    is_bot         Bool,
    ip             String CODEC(ZSTD(1)),
    groups         Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    `$session_id` Nullable(String) DEFAULT JSONExtract(properties, '$session_id', 'Nullable(String)') CODEC(ZSTD(1)),
    `$window_id` Nullable(String) DEFAULT JSONExtract(properties, '$window_id', 'Nullable(String)') CODEC(ZSTD(1)),
    `$device_id` Nullable(String) DEFAULT JSONExtract(properties, '$device_id', 'Nullable(String)') CODEC(ZSTD(1)),
    `$current_url` Nullable(String) DEFAULT JSONExtract(properties, '$current_url', 'Nullable(String)') CODEC(ZSTD(1)),
    `$pathname` Nullable(String) DEFAULT JSONExtract(properties, '$pathname', 'Nullable(String)') CODEC(ZSTD(1)),
    `$referrer` Nullable(String) DEFAULT JSONExtract(properties, '$referrer', 'Nullable(String)') CODEC(ZSTD(1)),
    `utm_content` Nullable(String) DEFAULT JSONExtract(properties, 'utm_content', 'Nullable(String)') CODEC(ZSTD(1)),
    `utm_term` Nullable(String) DEFAULT JSONExtract(properties, 'utm_term', 'Nullable(String)') CODEC(ZSTD(1)),
    `gclid` Nullable(String) DEFAULT JSONExtract(properties, 'gclid', 'Nullable(String)') CODEC(ZSTD(1)),
    `fbclid` Nullable(String) DEFAULT JSONExtract(properties, 'fbclid', 'Nullable(String)') CODEC(ZSTD(1)),
    `$host` LowCardinality(Nullable(String)) DEFAULT JSONExtract(properties, '$host', 'Nullable(String)') CODEC(ZSTD(1)),
    `$referring_domain` LowCardinality(Nullable(String)) DEFAULT JSONExtract(properties, '$referring_domain', 'Nullable(String)') CODEC(ZSTD(1)),
    `$browser` LowCardinality(Nullable(String)) DEFAULT JSONExtract(properties, '$browser', 'Nullable(String)') CODEC(ZSTD(1)),
    `$browser_version` LowCardinality(Nullable(String)) DEFAULT JSONExtract(properties, '$browser_version', 'Nullable(String)') CODEC(ZSTD(1)),
    `$os` LowCardinality(Nullable(String)) DEFAULT JSONExtract(properties, '$os', 'Nullable(String)') CODEC(ZSTD(1)),
    `$os_version` LowCardinality(Nullable(String)) DEFAULT JSONExtract(properties, '$os_version', 'Nullable(String)') CODEC(ZSTD(1)),
    `$device_type` LowCardinality(Nullable(String)) DEFAULT JSONExtract(properties, '$device_type', 'Nullable(String)') CODEC(ZSTD(1)),
    `$lib` LowCardinality(Nullable(String)) DEFAULT JSONExtract(properties, '$lib', 'Nullable(String)') CODEC(ZSTD(1)),
    `$lib_version` LowCardinality(Nullable(String)) DEFAULT JSONExtract(properties, '$lib_version', 'Nullable(String)') CODEC(ZSTD(1)),
    `$screen_name` LowCardinality(Nullable(String)) DEFAULT JSONExtract(properties, '$screen_name', 'Nullable(String)') CODEC(ZSTD(1)),
    `$geoip_country_code` LowCardinality(Nullable(String)) DEFAULT JSONExtract(properties, '$geoip_country_code', 'Nullable(String)') CODEC(ZSTD(1)),
    `utm_source` LowCardinality(Nullable(String)) DEFAULT JSONExtract(properties, 'utm_source', 'Nullable(String)') CODEC(ZSTD(1)),
    `utm_medium` LowCardinality(Nullable(String)) DEFAULT JSONExtract(properties, 'utm_medium', 'Nullable(String)') CODEC(ZSTD(1)),
    `utm_campaign` LowCardinality(Nullable(String)) DEFAULT JSONExtract(properties, 'utm_campaign', 'Nullable(String)') CODEC(ZSTD(1)),
    `gad_source` LowCardinality(Nullable(String)) DEFAULT JSONExtract(properties, 'gad_source', 'Nullable(String)') CODEC(ZSTD(1)),
    received_at    DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    arrival_day    Date CODEC(ZSTD(1)),
    batch_id       UUID CODEC(ZSTD(1)),
    INDEX received_at_minmax received_at TYPE minmax GRANULARITY 1,
    INDEX uuid_bloom uuid TYPE bloom_filter(0.001) GRANULARITY 4
)
ENGINE = {{ engine('MergeTree') }}
PARTITION BY arrival_day
ORDER BY (team_id, toDate32(timestamp), event, cityHash64(distinct_id), timestamp, uuid)
SETTINGS non_replicated_deduplication_window = 10000;

{{ distributed('events', by='cityHash64(team_id, distinct_id)') }}

-- Where a line that is no event lies in the bucket.
ALTER TABLE {{ stored('dead_letters') }} ADD COLUMN IF NOT EXISTS object_key String CODEC(ZSTD(1));

{% if on_cluster %}
ALTER TABLE dead_letters {{ on_cluster }} ADD COLUMN IF NOT EXISTS object_key String;
{% endif %}
